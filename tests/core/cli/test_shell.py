"""The shell as a whole: what it lists, and what it refuses in one line."""

import pytest
from shell import shell

from core.cli import COMMANDS


def test_help_lists_every_command(ask):
    code, out, _ = ask()
    assert code == 0
    assert all(f"  {command}" in out for command in COMMANDS)


def test_bad_input_in_a_process_of_its_own(tmp_path):
    said = shell("inspect", tmp_path / "absent")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith("Expected a folder of scans, but")
    assert said.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("nonsense", "No such command 'nonsense'"),
        ("--nonsense", "No such option: --nonsense"),
    ],
)
def test_bad_input_gets_one_line_and_status_2(refused, words, told):
    refused(words, told)
