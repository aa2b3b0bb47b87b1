"""Which scans are of one patient, by a table or by the paths of their files.

Two slices of one patient are no copies of each other, yet who has learned one knows much of the
other. Where patients are known, all scans of a patient go into one part, with their near copies
and the patients of those.
"""

import csv
import io
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core.config import Frozen
from core.errors import DatasetError, SettingError
from core.storage import typed

if TYPE_CHECKING:
    from core.data.index import Dataset

SEPARATORS = ",;\t"
"""Of the columns of a table; the one that is most frequent in its first line."""


class Patients(Frozen):
    """Where it is said which patient a scan is of: in a table or by a pattern, not in both.

    Attributes:
        table: Path of a CSV with the columns `file` (relative to the data set) and `patient`.
        pattern: Regular expression that is searched for in the path of a scan in the data set;
            its one group is the patient.
    """

    table: str | None = None
    pattern: str | None = None

    @classmethod
    def given(cls, table: Path | None, pattern: str | None) -> "Patients | None":
        """What was given on the command line or the page; none when nothing was.

        Raises:
            SettingError: Both were.
        """
        if table and pattern:
            raise SettingError(
                "patients from a table or by a pattern",
                "both were given",
                "Leave one of them out.",
            )
        if table:
            return cls(table=str(typed(table).resolve()))
        return cls(pattern=pattern) if pattern else None

    def find(self, dataset: "Dataset") -> dict[str, str]:
        """The patient of every scan of which it is said, by file.

        Raises:
            DatasetError: The table cannot be read, or does not fit the data set.
            SettingError: The pattern is none, or fits no scan.
        """
        if self.table is not None:
            return _by_table(Path(self.table), dataset)
        return _by_pattern(self.pattern, dataset) if self.pattern is not None else {}


def join_patients(groups: Mapping[str, int], patients: Mapping[str, str]) -> dict[str, int]:
    """Groups of near copies, those of them joined that share a patient.

    Args:
        groups: The group of every file (see `core.data.duplicates`).
        patients: The patient of some of them.

    Returns:
        The group of every file, numbered by first appearance.
    """
    from scipy.cluster.hierarchy import DisjointSet  # slow to load; pages open without

    joined = DisjointSet(groups.values())
    first: dict[str, int] = {}
    for file, group in groups.items():
        if file in patients:
            joined.merge(first.setdefault(patients[file], group), group)
    numbers: dict[int, int] = {}
    return {file: numbers.setdefault(joined[group], len(numbers)) for file, group in groups.items()}


def divided(dataset: "Dataset", patients: Mapping[str, str]) -> tuple[str, ...]:
    """Patients whose scans the folder's own split divides among its parts."""
    parts: dict[str, set[str | None]] = {}
    for entry in dataset.entries:
        if entry.file in patients:
            parts.setdefault(patients[entry.file], set()).add(entry.part)
    return tuple(patient for patient, found in parts.items() if len(found) > 1)


def _by_table(path: Path, dataset: "Dataset") -> dict[str, str]:
    rows = _read(path)
    scans = {entry.file for entry in dataset.entries}
    known = scans | {left_out.file for left_out in dataset.unreadable}
    found: dict[str, str] = {}
    unknown = []
    for written, patient in rows:
        file = written if written in known else written.replace("\\", "/").removeprefix("./")
        if file not in known:
            unknown.append(written)
        elif patient and found.setdefault(file, patient) != patient:
            raise DatasetError(
                "one patient for each scan",
                f"'{path.name}' gives '{file}' to both '{found[file]}' and '{patient}'",
                "Correct one of the two rows.",
            )
    if unknown:
        raise DatasetError(
            f"files of '{dataset.root.name}' in the column 'file' of '{path.name}'",
            f"{len(unknown)} of {len(rows)} are none, the first '{unknown[0]}'",
            f"Write them relative to the folder, as in '{dataset.entries[0].file}'.",
        )
    if not scans & found.keys():
        raise DatasetError(
            f"the patient of at least one scan in '{path.name}'",
            "it names none",
            "Fill the columns 'file' and 'patient'.",
        )
    return {file: patient for file, patient in found.items() if file in scans}


def _read(path: Path) -> list[tuple[str, str]]:
    """The columns `file` and `patient`, without the spaces around what is in them."""
    expected = "a table with the columns file and patient"
    remedy = "Save it as CSV (UTF-8), with the names of the columns in its first line."
    try:
        # A spreadsheet puts a byte-order mark before what it saves as UTF-8.
        text = path.read_text("utf-8-sig")
        separator = max(SEPARATORS, key=text.split("\n", 1)[0].count)
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        rows = [[cell.strip() for cell in line] for line in lines if any(map(str.strip, line))]
    except OSError as problem:
        why = (problem.strerror or "input/output error").lower()
        raise DatasetError(
            expected, f"'{path}' cannot be opened ({why})", "Check the path."
        ) from None
    except ValueError:
        raise DatasetError(expected, f"'{path.name}' is no text", remedy) from None
    except csv.Error as problem:
        raise DatasetError(expected, f"'{path.name}' cannot be read ({problem})", remedy) from None
    head = [name.casefold() for name in rows[0]] if rows else []
    for column in ("file", "patient"):
        if head.count(column) != 1:
            names = ", ".join(f"'{name}'" for name in head[:6]) or "none"
            received = f"the columns of '{path.name}' are {names}"
            raise DatasetError(f"one column '{column}' in the table of patients", received, remedy)
    for row in rows:
        if broken := next((cell for cell in row if "\n" in cell or "\r" in cell), None):
            first = broken.splitlines()[0]
            raise DatasetError(
                f"one line for each scan in '{path.name}'",
                f"a quotation mark before '{first}' takes in the lines after it",
                "Take the quotation mark out, or close it in its line.",
            )
        if len(row) != len(head):
            received = f"the row '{separator.join(row)}' has {len(row)}"
            raise DatasetError(
                f"{len(head)} columns in each row of '{path.name}'", received, remedy
            )
    file, patient = head.index("file"), head.index("patient")
    return [(row[file], row[patient]) for row in rows[1:]]


def _by_pattern(pattern: str, dataset: "Dataset") -> dict[str, str]:
    expected = "a regular expression with one group, which is the patient"
    remedy = r"Put the patient in brackets, as in patient_(\d+)."
    try:
        with warnings.catch_warnings(action="ignore"):  # of syntax that may change one day
            compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as problem:
        raise SettingError(expected, f"'{pattern}' is none: {problem}", remedy) from None
    if compiled.groups != 1:
        count = compiled.groups or "no"
        raise SettingError(expected, f"'{pattern}' has {count}", remedy)
    matches = {entry.file: compiled.search(entry.file) for entry in dataset.entries}
    found = {file: match[1] for file, match in matches.items() if match and match[1]}
    if not found:
        raise SettingError(
            "a pattern that finds the patient in the paths of the scans",
            f"'{pattern}' fits none of {len(matches)}, such as '{dataset.entries[0].file}'",
            remedy,
        )
    return found
