"""What files tell without a look at the scan."""

import numpy as np
import pytest
from PIL import Image

from core.data.metadata import METADATA_COLUMNS, file_metadata
from core.errors import UnreadableScan


def test_size_bytes_format_and_mode(tmp_path):
    grey = Image.fromarray(np.random.default_rng(0).integers(0, 255, (20, 30), np.uint8))
    grey.save(tmp_path / "a.png")
    grey.convert("RGB").save(tmp_path / "b.png", "JPEG")  # the content decides
    grey.convert("P").save(tmp_path / "c.png")
    found = file_metadata(tmp_path, ["b.png", "a.png", "c.png"])
    assert list(found.columns) == METADATA_COLUMNS
    assert found[["width", "height"]].to_numpy().tolist() == [[30, 20]] * 3
    assert list(found["format"]) == ["jpeg", "png", "png"]
    assert list(found["mode"]) == ["RGB", "L", "P"]
    assert list(found["bytes"]) == [
        (tmp_path / f).stat().st_size for f in ("b.png", "a.png", "c.png")
    ]


def test_a_file_that_is_gone_is_an_error(tmp_path):
    with pytest.raises(UnreadableScan):
        file_metadata(tmp_path, ["gone.png"])
