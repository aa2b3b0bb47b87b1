"""What is installed is pinned, all of it, and the same for everybody."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.+!-]+)")


def pins(name: str) -> dict[str, str]:
    """Version of each package that a file pins; every line of it must be a pin."""
    found = {}
    for line in (ROOT / name).read_text().splitlines():
        pin = line.split("#")[0].strip()
        if pin and pin != "-r requirements.txt":
            match = PIN.fullmatch(pin)
            assert match, f"{name}: '{pin}' is not an exact pin"
            found[match[1].lower().replace("_", "-")] = match[2]
    return found


def test_constraints_hold_every_direct_pin() -> None:
    constraints = pins("constraints.txt")
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-windows.txt"):
        stale = {package for package, pin in pins(name).items() if constraints.get(package) != pin}
        assert not stale, f"{name} has changed: run make lock"


def test_constraints_name_no_place_to_install_from() -> None:
    assert not re.search(r"://|--|/", (ROOT / "constraints.txt").read_text())
