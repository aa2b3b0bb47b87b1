"""How numbers and names are written on the pages."""

import re
from datetime import UTC, datetime


def plain(text: str) -> str:
    """A name as it is, in places that understand Markdown."""
    return re.sub(r"([\\`*_{}\[\]#|$~:<>^])", r"\\\1", text)


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 scan`, `1,200 scans`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float | None) -> str:
    """`40 s`, `12 min`, `3 h 20 min`, `3 days`; a dash when it is not known."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest and hours < 10 else f"{hours} h"
    return f"{round(hours / 24)} days"


def moment(iso: str) -> str:
    """`3 March 2026, 14:05` in this computer's time, from an ISO date in UTC."""
    when = datetime.fromisoformat(iso)
    local = (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone()
    return f"{local.day} {local:%B %Y, %H:%M}"


def chance(p: float) -> str:
    """`97.1 %`; never quite none or all of it."""
    from core.reporting import statements  # slow to load, and few pages need it

    return statements.chance(p)


def signed(number: float, digits: int) -> str:
    """`+0.110`, `−0.290`, with a minus sign as wide as the plus."""
    return f"{number:+.{digits}f}".replace("-", "−")
