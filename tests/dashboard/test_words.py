"""How numbers and names are written."""

import pytest

from dashboard.components.words import count, duration, moment, plain


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (None, "–"),
        (0.2, "1 s"),
        (40, "40 s"),
        (59.9, "60 s"),
        (90, "2 min"),
        (3600, "1 h"),
        (12_000, "3 h 20 min"),
        (80_000, "22 h"),
        (260_000, "3 days"),
    ],
)
def test_durations(seconds: float | None, written: str):
    assert duration(seconds) == written


def test_numbers():
    assert count(1, "scan") == "1 scan"
    assert count(1200, "scan") == "1,200 scans"
    assert count(2, "copy", "copies") == "2 copies"


def test_names_are_not_taken_for_markup():
    assert plain("a_b*c") == r"a\_b\*c"
    assert plain(":red[x]") == r"\:red\[x\]"
    assert plain("scan-1.png") == "scan-1.png"


def test_a_moment_names_day_and_time():
    assert moment("2026-03-03T14:05:00+00:00").startswith(("2 ", "3 ", "4 "))
    assert "March 2026" in moment("2026-03-03T14:05:00+00:00")
