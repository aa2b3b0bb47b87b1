"""A window for the pages: of its own where Chrome, Edge or Chromium is found, else a tab."""

import os
import shutil
import subprocess
import sys
import webbrowser
from collections.abc import Iterator, Mapping
from pathlib import Path, PureWindowsPath

LINUX = (
    "google-chrome",
    "google-chrome-stable",
    "chromium",
    "chromium-browser",
    "microsoft-edge",
    "microsoft-edge-stable",
)
MAC = ("Google Chrome", "Microsoft Edge", "Chromium")
WINDOWS = (
    r"Google\Chrome\Application\chrome.exe",
    r"Microsoft\Edge\Application\msedge.exe",
    r"Chromium\Application\chrome.exe",
)


def show(url: str) -> None:
    """Open the address; nothing happens where there is no screen."""
    if not has_screen(sys.platform, os.environ):
        return
    found = find(sys.platform, os.environ, Path.home())
    if found is None or not _start([found, f"--app={url}"]):
        webbrowser.open(url)


def find(platform: str, environment: Mapping[str, str], home: Path) -> str | None:
    """A browser that can show a page in a window of its own; none when none is installed.

    Args:
        platform: As `sys.platform` names it.
        environment: Variables of the environment.
        home: The user's folder.
    """
    if platform in ("win32", "darwin"):
        places = _on_windows(environment) if platform == "win32" else _on_a_mac(home)
        return next((place for place in places if Path(place).is_file()), None)
    found = (shutil.which(name, path=environment.get("PATH")) for name in LINUX)
    return next((place for place in found if place), None)


def has_screen(platform: str, environment: Mapping[str, str]) -> bool:
    """Whether a window can be opened: not so in a Linux shell without a desktop."""
    if platform in ("win32", "darwin"):
        return True
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _on_windows(environment: Mapping[str, str]) -> Iterator[str]:
    for program in WINDOWS:
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
            if folder := environment.get(variable):
                yield str(PureWindowsPath(folder) / program)


def _on_a_mac(home: Path) -> Iterator[str]:
    for name in MAC:
        for folder in (Path("/"), home):
            yield str(folder / "Applications" / f"{name}.app" / "Contents" / "MacOS" / name)


def _start(command: list[str]) -> bool:
    try:
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl-C in the terminal is for the server, and never closes a browser.
            start_new_session=True,
        )
    except OSError:
        return False
    return True
