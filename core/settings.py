"""Settings by their path in nested dictionaries, as a person types them: `head.units=512,128`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from core.errors import SettingError


def leaves(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, object]]:
    """Every setting of a tree, as (path, value)."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def place(tree: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """Where a setting is: the dictionary that holds it, and its name there.

    Raises:
        SettingError: The path leads to no setting; those nearest to it are listed.
    """
    branch, above = tree, ""
    *way, last = path.split(".")
    for name in way:
        if not isinstance(branch.get(name), dict):
            raise _unknown(path, branch, above)
        branch, above = branch[name], f"{above}{name}."
    if isinstance(branch.get(last), dict):
        raise _unknown(path, branch[last], f"{path}.")
    if last not in branch:
        raise _unknown(path, branch, above)
    return branch, last


def read(value: object, *, several: bool) -> object:
    """A value that may come as text, so that pydantic can make of it what is wanted.

    Args:
        value: Anything; in text commas separate several values, and "none" is None.
        several: Whether several values are wanted.
    """
    if not isinstance(value, str):
        return value
    if several:
        return [item.strip() for item in value.strip("()[]").split(",") if item.strip()]
    return None if value.casefold() == "none" else value


def refusal(error: ValidationError, names: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """What pydantic has against a setting: its path and the reason, in words.

    Args:
        error: What pydantic raised.
        names: Of the members of a list, by the list's path.
    """
    problem = error.errors()[0]
    path = ""
    for step in problem["loc"]:
        name = names[path][step] if isinstance(step, int) and path in names else step
        path = f"{path}.{name}" if path else str(name)
    reason = problem["msg"].removeprefix("Value error, ")
    return path, f"{reason[:1].lower()}{reason[1:]}"


def _unknown(path: str, branch: Mapping[str, Any], above: str) -> SettingError:
    known = (f"{above}{n}{'.…' if isinstance(value, dict) else ''}" for n, value in branch.items())
    return SettingError(
        f"one of the settings {', '.join(known)}",
        f"'{path}' was given",
        "Choose a setting from the list.",
    )
