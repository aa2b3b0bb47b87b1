"""The log of readings: what a person said of the network's answers, one line each, never changed.

    readings.jsonl   one reading a line, each with the hash of the line before
    readings.seal    how many lines there are and the hash of the last
    readings.torn    what a power cut left of a line, put aside

A line that was edited, taken out or moved breaks the chain of hashes; lines cut off at the end
are missed by the seal. Whoever may write both files could forge both: a hash noted elsewhere is
proof against that as well, for it must be found in the log for ever.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from filelock import FileLock, Timeout
from pydantic import Field, ValidationError

from core.config import Frozen
from core.errors import RunError, SettingError
from core.imaging.reading import Plane
from core.spreadsheet import csv_of
from core.storage import append_bytes, write_bytes, write_text

Call = Literal["agree", "disagree", "unsure"]
CALLS: tuple[Call, ...] = get_args(Call)

NOTE_LENGTH = 500
"""Characters that a note may have."""

START = "0" * 64
"""What the first line has in the place of a hash before it."""

PATIENCE = 10.0
"""Seconds to wait for another process that writes."""


class Answer(Frozen):
    """What the network said of one picture. No name of a file, nothing of a person."""

    scan_sha256: str = Field(description="of the file's bytes")
    slice: int = Field(0, ge=0, description="of a volume, from 0")
    plane: Plane = Field("axial", description="in which a volume was cut")
    volume: int = Field(0, ge=0, description="of its file, from 0")
    window: tuple[float, float] | None = Field(
        None, description="centre and width, where they were chosen: it was another picture"
    )
    run: str
    stage: str
    model_sha256: str
    positive: str = Field(description="name of the positive class")
    label: str = Field(description="the class that the network called")
    probability: float = Field(ge=0, le=1, description="of the positive class")
    trained_on: bool = Field(description="the run was trained on this very scan")
    overridden: bool = Field(False, description="given on demand, as it should have been refused")

    @property
    def subject(self) -> tuple[object, ...]:
        """What a call is on: a later one on the same picture and model takes its place."""
        picture = self.scan_sha256, self.slice, self.plane, self.volume, self.window
        return *picture, self.model_sha256


class Reading(Answer):
    """A person's call on such an answer, as one line of the log."""

    time: str = Field(description="ISO 8601, UTC")
    call: Call
    note: str = Field("", max_length=NOTE_LENGTH)
    previous: str = Field(description="hash of the line before")
    hash: str = Field(description="SHA-256 of this line without its hash, in canonical form")


@dataclass(frozen=True)
class Contents:
    """What a log holds.

    Attributes:
        readings: Every line that is a reading, in the order of writing.
        fault: The first thing that is not as it was written, a clause; none for an intact log.
        torn: What there is of a last line that was broken off, as by a power cut.
        remark: What became of such a line, a sentence.
    """

    readings: tuple[Reading, ...] = ()
    fault: str | None = None
    torn: bytes = b""
    remark: str | None = None

    @property
    def last_hash(self) -> str:
        """Hash of the last line: noted elsewhere, it vouches for all lines until then."""
        return self.readings[-1].hash if self.readings else START


class Log:
    """The log of a workspace.

    Args:
        folder: Where its files are.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "readings.jsonl"
        self.seal = folder / "readings.seal"
        self.torn = folder / "readings.torn"
        self._lock = folder / "readings.lock"

    def contents(self) -> Contents:
        """Read and check every line.

        Raises:
            RunError: Another process holds the log.
        """
        if not self.path.exists() and not self.seal.exists():
            return Contents()
        with self._held():
            return self._read()

    def append(self, answer: Answer, call: Call, note: str = "") -> Reading:
        """Add a call; it is on the disk on return.

        Args:
            answer: What the call is on.
            call: Whether the reader agrees.
            note: Free text. Patient data do not belong in it.

        Raises:
            SettingError: There is no such call, or the note is too long.
            RunError: The log is not as it was written, or another process holds it.
        """
        note = " ".join(note.split())
        if call not in CALLS:
            raise SettingError(f"one of {', '.join(CALLS)}", f"'{call}' was given", "Choose one.")
        if len(note) > NOTE_LENGTH:
            raise SettingError(
                f"a note of at most {NOTE_LENGTH} characters",
                f"it has {len(note)}",
                "Shorten it.",
            )
        with self._held():
            contents = self._read()
            if contents.fault:
                raise RunError(
                    f"the log of readings {self.path} as it was written",
                    contents.fault,
                    "Keep it: move readings.jsonl and readings.seal elsewhere together. The next "
                    "call then starts a new log.",
                )
            self._mend(contents)
            # Where the disk was full a line may be past the seal; with a second one it would be
            # taken for a forgery, and so the seal comes first.
            if self._sealed() < len(contents.readings):
                self._write_seal(len(contents.readings), contents.last_hash)
            reading = _reading(answer, call, note, contents.last_hash)
            append_bytes(self.path, _line(reading))
            self._write_seal(len(contents.readings) + 1, reading.hash)
            return reading

    def export(self, file: Path) -> int:
        """Write all readings to a file: a table for *.csv, else the log's own lines.

        Returns:
            How many there are.
        """
        readings = self.contents().readings
        text = as_csv(readings) if file.suffix.lower() == ".csv" else as_lines(readings)
        write_text(file, text)
        return len(readings)

    @contextmanager
    def _held(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self._lock, timeout=PATIENCE):
                yield
        except Timeout as error:
            raise RunError(
                f"the log of readings {self.path}",
                "another program has held it for too long",
                "Try again; if it stays so, close other windows of NeuroStage.",
            ) from error

    def _read(self) -> Contents:
        data = self.path.read_bytes() if self.path.exists() else b""
        *lines, rest = data.split(b"\n")
        if rest and _reading_of(rest) is not None:  # whole but for the end of the line
            lines, rest = [*lines, rest], b""
        found = [_reading_of(line) for line in lines]
        fault = _broken_link(found) or self._broken_seal(found)
        return Contents(tuple(r for r in found if r), fault, rest, self._remark(rest))

    def _remark(self, torn: bytes) -> str | None:
        if torn:
            return (
                f"The last line was broken off after {len(torn)} bytes, as by a power cut, and is "
                f"not counted. The next call puts it aside in {self.torn.name}."
            )
        if self.torn.exists():
            return f"What a power cut once broke off is kept in {self.torn.name}."
        return None

    def _broken_seal(self, found: Sequence[Reading | None]) -> str | None:
        """Hold the lines against the seal, which is written after each: one behind at most."""
        if not self.seal.exists():
            return f"its seal {self.seal.name} is missing" if len(found) > 1 else None
        try:
            sealed = json.loads(self.seal.read_bytes())
            count, last = int(sealed["lines"]), str(sealed["hash"])
        except (ValueError, TypeError, KeyError):
            return f"its seal {self.seal.name} cannot be read"
        if len(found) < count:
            return f"{count - len(found)} of its {count} lines are missing at the end"
        reading = found[count - 1] if count > 0 else None
        if reading is None or reading.hash != last:
            return f"its first {count} lines are not those that were sealed"
        if len(found) > count + 1:
            return f"{len(found) - count} lines were added past its seal"
        return None

    def _mend(self, contents: Contents) -> None:
        """Let the file end with a whole line: what is torn is put aside, nothing is lost."""
        if contents.torn:
            append_bytes(self.torn, contents.torn + b"\n")
        whole = as_lines(contents.readings).encode()
        if self.path.exists() and self.path.stat().st_size != len(whole):
            write_bytes(self.path, whole, durable=True)

    def _sealed(self) -> int:
        """How many lines the seal vouches for."""
        return int(json.loads(self.seal.read_bytes())["lines"]) if self.seal.exists() else 0

    def _write_seal(self, lines: int, last: str) -> None:
        write_text(self.seal, json.dumps({"lines": lines, "hash": last}), durable=True)


def current(readings: Sequence[Reading]) -> list[Reading]:
    """The calls that hold: the last on each picture and model, in the order of writing."""
    last = {reading.subject: reading.hash for reading in readings}
    return [reading for reading in readings if last[reading.subject] == reading.hash]


def as_lines(readings: Sequence[Reading]) -> str:
    """The lines of the log, byte for byte as they are in it."""
    return "".join(_line(reading).decode() for reading in readings)


def as_csv(readings: Sequence[Reading]) -> str:
    """One row a reading, with a column `superseded`: whether a later call took its place.

    Text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    import pandas as pd

    holding = {reading.hash for reading in current(readings)}
    rows = [r.model_dump() | {"superseded": r.hash not in holding} for r in readings]
    columns = [*Reading.model_fields, "superseded"]
    return csv_of(pd.DataFrame(rows, columns=columns))


def _reading(answer: Answer, call: Call, note: str, previous: str) -> Reading:
    record = answer.model_dump() | {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "call": call,
        "note": note,
        "previous": previous,
    }
    return Reading.model_validate(record | {"hash": _hash(record)})


def _reading_of(line: bytes) -> Reading | None:
    """The reading in a line; none unless it is one in exactly the form in which it is written."""
    try:
        record = json.loads(line)
        return Reading.model_validate(record) if _canonical(record) == line else None
    except (ValueError, TypeError, RecursionError, ValidationError):
        return None


def _broken_link(found: Sequence[Reading | None]) -> str | None:
    previous = START
    for number, reading in enumerate(found, start=1):
        if reading is None:
            return f"its line {number} is no reading"
        if _hash(reading.model_dump(exclude={"hash"}, exclude_unset=True)) != reading.hash:
            return f"its line {number} was changed"
        if reading.previous != previous:
            return f"what came before its line {number} is missing or was moved"
        previous = reading.hash
    return None


def _line(reading: Reading) -> bytes:
    """As it is written, without what the line did not say: later versions may know more."""
    return _canonical(reading.model_dump(exclude_unset=True)) + b"\n"


def _canonical(record: dict[str, Any]) -> bytes:
    """JSON in its one form here: keys sorted, no spaces, ASCII (RFC 8785 in spirit)."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _hash(record: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(record)).hexdigest()
