"""Which browser shows the pages in a window of their own."""

import time
from pathlib import Path

import pytest

from dashboard import browser


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    path.chmod(0o755)
    return path


def test_linux_looks_on_the_path_chrome_first(tmp_path: Path):
    environment = {"PATH": str(tmp_path)}
    assert browser.find("linux", environment, tmp_path) is None
    edge = program(tmp_path / "microsoft-edge")
    assert browser.find("linux", environment, tmp_path) == str(edge)
    chrome = program(tmp_path / "google-chrome")
    assert browser.find("linux", environment, tmp_path) == str(chrome)


def test_macos_looks_among_the_users_own_programs_too(tmp_path: Path):
    edge = program(tmp_path / "Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge")
    assert browser.find("darwin", {}, tmp_path) == str(edge)


def test_windows_looks_where_programs_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)  # a path of Windows is a plain name here
    environment = {"PROGRAMFILES(X86)": r"C:\Program Files (x86)", "LOCALAPPDATA": r"C:\Local"}
    assert browser.find("win32", environment, tmp_path) is None
    edge = r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe"
    Path(edge).touch()
    assert browser.find("win32", environment, tmp_path) == edge
    chrome = r"C:\Local\Google\Chrome\Application\chrome.exe"
    Path(chrome).touch()
    assert browser.find("win32", environment, tmp_path) == chrome


def test_a_window_of_its_own_is_opened_on_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    chromium = program(tmp_path / "chromium")
    chromium.write_text(f'#!/bin/sh\nprintf "%s" "$1" > "{tmp_path}/told"')
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/sbin")
    monkeypatch.setenv("DISPLAY", ":0")
    browser.show("http://127.0.0.1:8501")
    for _ in range(600):
        if (told := tmp_path / "told").is_file() and told.read_text():
            break
        time.sleep(0.1)
    assert told.read_text() == "--app=http://127.0.0.1:8501"


@pytest.mark.parametrize(
    ("platform", "environment", "there_is"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("win32", {}, True),
        ("darwin", {}, True),
    ],
)
def test_a_window_needs_a_screen(platform: str, environment: dict[str, str], there_is: bool):
    assert browser.has_screen(platform, environment) is there_is
