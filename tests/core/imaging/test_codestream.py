"""The size that compressed data declare for themselves."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.imaging.codestream import JP2_START, declared_size


def saved(format, **options):
    buffer = BytesIO()
    Image.fromarray(np.zeros((37, 53), np.uint8)).save(buffer, format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        saved("JPEG"),
        saved("JPEG", progressive=True),
        saved("JPEG", comment=b"a comment"),
        saved("JPEG2000", no_jp2=True),
        saved("JPEG2000"),
    ],
    ids=["baseline", "progressive", "comment", "codestream", "jp2"],
)
def test_rows_and_columns_are_found(data):
    assert declared_size(data) == (37, 53)


def test_fill_bytes_and_jpeg_ls_are_understood():
    frame = b"\xff\xf7\x00\x0b\x10" + (300).to_bytes(2, "big") + (70_00).to_bytes(2, "big") + b"\1"
    assert declared_size(b"\xff\xd8\xff\xff" + frame) == (300, 7000)


def test_what_is_neither_has_no_size():
    assert declared_size(b"\1\0\0\0" * 16) is None
    assert declared_size(b"") is None


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8",
        b"\xff\xd8 and no marker",
        b"\xff\xd8\xff\xe0\xff\xff" + b"\0" * 40,
        JP2_START,
        JP2_START + b"\r\n\x87\n" + b"\0\0\0\0ftyp" + b"\0" * 90,
        JP2_START + b"\r\n\x87\n" + b"\0\0\0\0jp2c" + b"\0" * 90,
    ],
)
def test_a_damaged_start_is_an_error_and_not_an_endless_walk(data):
    with pytest.raises(ValueError, match=r"JPEG|JP2"):
        declared_size(data)
