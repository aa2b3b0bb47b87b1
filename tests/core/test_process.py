"""Processes, known again by their number and their beginning."""

import os
import subprocess
import sys

import psutil
import pytest

from core.process import began, is_alive


def test_a_process_is_known_by_number_and_beginning():
    assert is_alive(os.getpid(), began(os.getpid()))
    assert not is_alive(os.getpid(), began(os.getpid()) - 1)
    assert not is_alive(os.getpid(), None)
    assert not is_alive(None, began(os.getpid()))


def test_a_process_that_has_ended_is_not_alive():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = began(process.pid)
    assert is_alive(process.pid, started)
    process.communicate()
    assert not is_alive(process.pid, started)
    with pytest.raises(psutil.Error):
        began(process.pid)


@pytest.mark.skipif(not psutil.LINUX, reason="elsewhere a beginning is not counted in ticks")
def test_setting_the_clock_kills_nobody(monkeypatch):
    started, booted = began(os.getpid()), psutil.boot_time()
    monkeypatch.setattr(psutil._pslinux, "boot_time", lambda: booted + 3600)
    monkeypatch.setattr(psutil, "boot_time", lambda: booted + 3600)
    assert psutil.Process().create_time() > booted + 3600  # psutil's own does move
    assert is_alive(os.getpid(), started)
