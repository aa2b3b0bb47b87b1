"""What a file tells of a scan without a look at the scan: size, bytes, format, kind of pixel."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from core.data.index import read_file
from core.imaging.scans import open_scan

METADATA_COLUMNS = ["width", "height", "bytes", "format", "mode"]


def file_metadata(root: Path, files: Sequence[str]) -> pd.DataFrame:
    """Metadata of scans, none of which should have to do with what they show.

    Args:
        root: The folder of the data set.
        files: Relative to it.

    Returns:
        Columns `METADATA_COLUMNS`, a row a file in the order given.

    Raises:
        UnreadableScan: A file cannot be read.
    """
    with ThreadPoolExecutor() as pool:
        rows = pool.map(lambda file: _facts(root / file), files)
        return pd.DataFrame(rows, columns=METADATA_COLUMNS)


def _facts(path: Path) -> tuple[int, int, int, str, str]:
    data = read_file(path)
    file = open_scan(data, path.name)
    height, width = file.slice().pixels.shape[:2]
    return width, height, len(data), file.format, file.mode
