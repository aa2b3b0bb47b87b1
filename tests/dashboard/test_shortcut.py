"""Shortcuts of three systems, started by what reads them where that can be had."""

import base64
import configparser
import os
import plistlib
import subprocess
from pathlib import Path

import pytest

from dashboard import shortcut
from dashboard.shortcut import ROOT, Program

ODD = 'o\'d d$HOME "q" `id` \\ 100%s ä'


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A stand-in for Python, in folders with odd names, that writes where and how it was run."""
    folder = tmp_path / ODD
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(
        f'#!/bin/sh\npwd > "{tmp_path}/told"\nprintf "%s\\n" "$@" >> "{tmp_path}/told"'
    )
    python.chmod(0o755)
    return Program(str(python), str(folder))


def entry(text: str) -> dict[str, str]:
    """A `.desktop` file as a desktop reads it: by key, escapes undone."""
    parser = configparser.RawConfigParser(delimiters="=", comment_prefixes="#")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return {k: v.replace("\\\\", "\\") for k, v in parser["Desktop Entry"].items()}


def test_linux_starts_the_program_whatever_its_path_is(program: Program, tmp_path: Path):
    path = shortcut.write_entry(tmp_path / "neurostage.desktop", program)
    keys = entry(path.read_text())
    assert keys["Type"] == "Application"
    assert keys["Path"] == program.folder
    # Quoting in Exec is that of a shell's double quotes; a doubled per cent sign is one.
    command = keys["Exec"].replace("%%", "%")
    subprocess.run(["sh", "-c", command], cwd=keys["Path"], check=True)
    assert (tmp_path / "told").read_text().splitlines() == [program.folder, "-m", "dashboard"]
    assert os.access(path, os.X_OK)


def test_linux_has_an_icon():
    keys = entry(shortcut.desktop_entry(Program("python", str(ROOT))))
    assert Path(keys["Icon"]).is_file()


def test_macos_starts_the_program_whatever_its_path_is(program: Program, tmp_path: Path):
    (Path(program.folder) / "assets").mkdir()
    icon = Path(Program("", str(ROOT)).asset("icon.icns")).read_bytes()
    Path(program.asset("icon.icns")).write_bytes(icon)
    (app,) = shortcut.write_app(tmp_path / "NeuroStage.app", program)
    about = plistlib.loads((app / "Contents" / "Info.plist").read_bytes())
    script = app / "Contents" / "MacOS" / about["CFBundleExecutable"]
    subprocess.run([script], check=True)
    assert (tmp_path / "told").read_text().splitlines() == [program.folder, "-m", "dashboard"]
    assert (app / "Contents/Resources/icon.icns").read_bytes()[:4] == b"icns"


def test_windows_is_told_by_a_script_that_no_path_breaks():
    program = Program(r"C:\Users\O'Brien ’$x\.venv\Scripts\pythonw.exe", r"C:\Neuro Stage")
    script = shortcut.windows_script(program)
    command = shortcut.powershell_command(script)
    assert base64.b64decode(command[-1]).decode("utf-16-le") == script
    lines = script.splitlines()
    assert r"$shortcut.TargetPath = 'C:\Users\O''Brien ’’$x\.venv\Scripts\pythonw.exe'" in lines
    assert r"$shortcut.WorkingDirectory = 'C:\Neuro Stage'" in lines
    assert lines.index("$shortcut.Save()") > max(
        i for i, line in enumerate(lines) if line.startswith("$shortcut.") and "=" in line
    )
    assert Path(Program("", str(ROOT)).asset("icon.ico")).read_bytes()[:4] == b"\0\0\1\0"


def test_windows_opens_no_terminal_where_it_can_be_helped(tmp_path: Path):
    python = tmp_path / "python.exe"
    assert shortcut._interpreter("win32", str(python)) == str(python)
    (tmp_path / "pythonw.exe").touch()
    assert shortcut._interpreter("win32", str(python)) == str(tmp_path / "pythonw.exe")
    assert shortcut._interpreter("linux", str(python)) == str(python)


@pytest.mark.skipif(os.name == "nt", reason="needs the desktops of Linux")
def test_installing_writes_into_the_menu_and_onto_the_desktop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    desktop = tmp_path / "Desktop"
    monkeypatch.setattr(shortcut.platformdirs, "user_desktop_path", lambda: desktop)
    menu = tmp_path / "data" / "applications" / "neurostage.desktop"
    assert shortcut.install() == [menu]
    desktop.mkdir()
    assert shortcut.install() == [menu, desktop / "neurostage.desktop"]
    assert entry(menu.read_text())["Path"] == str(ROOT)
