"""The exceptions a person may see.

Each says what was expected, what came, and what to do. Whatever is not one of these is
a bug, and only a bug may end in a traceback.
"""

import traceback


class NeuroStageError(Exception):
    """Base of every error that is meant for a person.

    Args:
        expected: What was needed, as a clause ("a folder with one sub-folder per class").
        received: What came instead ("'scans' holds 12 files and no sub-folder").
        remedy: What to do about it ("move the scans into sub-folders such as yes and no").
    """

    def __init__(self, expected: str, received: str, remedy: str) -> None:
        self.expected = expected
        self.received = received
        self.remedy = remedy
        super().__init__(f"Expected {expected}, but {received}. {remedy}")


def without_words(error: BaseException) -> str:
    """Where an error came from, for a log: its text may name a scan, and is left out."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{type(error).__name__}\n{frames}".rstrip()


class UnreadableScan(NeuroStageError):
    """A file that cannot be turned into pixels. Carries a short ``reason`` for tables."""

    def __init__(self, reason: str, expected: str, remedy: str) -> None:
        self.reason = reason
        super().__init__(expected, reason, remedy)


class DatasetError(NeuroStageError):
    """A folder that is not a data set of labelled scans."""


class SettingError(NeuroStageError):
    """A setting outside what is possible."""


class NoSuchPicture(SettingError):
    """A slice, plane or volume that a file has not. Carries a short ``reason`` for tables."""

    @property
    def reason(self) -> str:
        """What was asked for, and what there is."""
        return f"{self.received} (expected: {self.expected})"


class WeightsError(NeuroStageError):
    """A weights file that is not there or does not hold VGG19."""


class RunError(NeuroStageError):
    """A run that does not exist, or is not in a state for what was asked of it."""
