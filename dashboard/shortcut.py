"""NeuroStage among the programs of the desktop, on Windows, macOS and Linux.

What is written is a pure function of the paths; only `install` touches the system.
"""

import base64
import os
import plistlib
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from core.errors import SettingError
from core.storage import write_bytes, write_text

ROOT = Path(__file__).resolve().parents[1]
COMMENT = "Staged fine-tuning of VGG19 on brain MRI. Research use only, not for diagnosis."


@dataclass(frozen=True)
class Program:
    """What a shortcut starts.

    Attributes:
        python: The interpreter, of the environment in which NeuroStage is installed.
        folder: The project's, in which it is started.
    """

    python: str
    folder: str

    def asset(self, name: str) -> str:
        """Path of a file in `assets`."""
        return str(Path(self.folder) / "assets" / name)


def install() -> list[Path]:
    """Write the shortcut of this system; returns where.

    Raises:
        SettingError: The system refused.
    """
    program = Program(_interpreter(sys.platform, sys.executable), str(ROOT))
    if sys.platform == "win32":
        return [_install_on_windows(program)]
    desktop = platformdirs.user_desktop_path()
    if sys.platform == "darwin":
        return write_app(desktop / "NeuroStage.app", program)
    menu = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "applications"
    places = [menu, desktop] if desktop.is_dir() else [menu]
    return [write_entry(place / "neurostage.desktop", program) for place in places]


def write_entry(path: Path, program: Program) -> Path:
    """Write Linux's shortcut."""
    write_text(path, desktop_entry(program))
    path.chmod(0o755)  # desktops start from the desktop only what may be executed
    return path


def desktop_entry(program: Program) -> str:
    """The text of a `.desktop` file (freedesktop.org, Desktop Entry Specification 1.5)."""
    keys = {
        "Type": "Application",
        "Name": "NeuroStage",
        "Comment": COMMENT,
        "Exec": " ".join(_exec_word(word) for word in (program.python, "-m", "dashboard")),
        "Path": program.folder,
        "Icon": program.asset("icon.svg"),
        "Terminal": "false",
        "Categories": "Science;",
    }
    lines = (f"{key}={_entry_value(value)}" for key, value in keys.items())
    return "\n".join(["[Desktop Entry]", *lines, ""])


def _exec_word(word: str) -> str:
    """One word of Exec, quoted; a per cent sign would stand for a file."""
    for reserved in '\\"`$':
        word = word.replace(reserved, f"\\{reserved}")
    return '"' + word.replace("%", "%%") + '"'


def _entry_value(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def write_app(folder: Path, program: Program) -> list[Path]:
    """Write macOS's shortcut, a bundle; returns its folder."""
    contents = folder / "Contents"
    write_bytes(contents / "Info.plist", app_information())
    script = contents / "MacOS" / "NeuroStage"
    write_text(script, app_script(program))
    script.chmod(0o755)
    icon = Path(program.asset("icon.icns"))
    write_bytes(contents / "Resources" / "icon.icns", icon.read_bytes())
    return [folder]


def app_information() -> bytes:
    """The property list of the bundle."""
    return plistlib.dumps(
        {
            "CFBundleName": "NeuroStage",
            "CFBundleIdentifier": "org.neurostage.dashboard",
            "CFBundleExecutable": "NeuroStage",
            "CFBundleIconFile": "icon",
            "CFBundlePackageType": "APPL",
            "LSUIElement": True,  # its window is the browser's
        }
    )


def app_script(program: Program) -> str:
    """The shell script that the bundle starts."""
    start = shlex.join([program.python, "-m", "dashboard"])
    return f"#!/bin/sh\ncd {shlex.quote(program.folder)} || exit 1\nexec {start}\n"


def _install_on_windows(program: Program) -> Path:
    done = subprocess.run(
        powershell_command(windows_script(program)),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise SettingError(
            "PowerShell to write the shortcut",
            done.stderr.strip() or "it refused",
            "Make one by hand: Python with -m dashboard, started in NeuroStage's folder.",
        )
    return Path(done.stdout.strip())


def windows_script(program: Program) -> str:
    """The PowerShell that writes the `.lnk`, wherever this user's desktop is, and says where."""
    lines = (
        "$ErrorActionPreference = 'Stop'",
        "[Console]::OutputEncoding = [Text.Encoding]::UTF8",
        "$place = Join-Path ([Environment]::GetFolderPath('Desktop')) 'NeuroStage.lnk'",
        "$shortcut = (New-Object -ComObject WScript.Shell).CreateShortcut($place)",
        f"$shortcut.TargetPath = {_powershell(program.python)}",
        "$shortcut.Arguments = '-m dashboard'",
        f"$shortcut.WorkingDirectory = {_powershell(program.folder)}",
        f"$shortcut.IconLocation = {_powershell(program.asset('icon.ico'))}",
        f"$shortcut.Description = {_powershell(COMMENT)}",
        "$shortcut.Save()",
        "Write-Output $place",
    )
    return "\n".join(lines)


def powershell_command(script: str) -> list[str]:
    """The command that runs a script whatever is in it: in UTF-16, in base64."""
    encoded = base64.b64encode(script.encode("utf-16-le")).decode("ascii")
    return ["powershell", "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded]


def _powershell(text: str) -> str:
    """A literal. PowerShell takes typographic apostrophes for plain ones."""
    for quote in "'‘’‚‛":
        text = text.replace(quote, quote * 2)
    return f"'{text}'"


def _interpreter(platform: str, python: str) -> str:
    """The interpreter that opens no terminal, where there is one."""
    silent = Path(python).with_name("pythonw.exe")
    return str(silent) if platform == "win32" and silent.is_file() else python
