"""Keys of the session state."""

import ast
from pathlib import Path

from dashboard import state

DASHBOARD = Path(state.__file__).parent


def bound() -> set[str]:
    """The keys of all controls that the code binds to the address."""
    found = set()
    for file in DASHBOARD.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            given = {k.arg: k.value for k in node.keywords} if isinstance(node, ast.Call) else {}
            if "bind" in given:
                assert isinstance(given["key"], ast.Attribute), ast.dump(given["key"])
                found.add(getattr(state, given["key"].attr))
    return found


def test_all_that_the_address_names_comes_back():
    assert len(bound()) > 10
    assert set(state.IN_ADDRESS) == bound()
    assert len(set(state.IN_ADDRESS)) == len(state.IN_ADDRESS)
