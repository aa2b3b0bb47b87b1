"""The size that a compressed picture inside a DICOM file declares for itself.

A decoder allocates what the compressed data declare, whatever the DICOM header says, so this
is looked at before a decoder is let near them.
"""

JP2_START = b"\x00\x00\x00\x0cjP  "
"""First box of a JP2 file (ITU-T T.800, annex I). DICOM wants the codestream alone; some
software wraps it all the same."""
JPEG_2000 = b"\xff\x4f\xff\x51"
"""Start of codestream, then the marker of the size segment (ITU-T T.800, annex A)."""
JPEG = b"\xff\xd8"
FRAME_MARKERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
"""Starts of frame of JPEG (ITU-T T.81, table B.1) and JPEG-LS (T.87)."""
BARE_MARKERS = {0x01, *range(0xD0, 0xD9)}
"""Markers without a segment after them."""


def declared_size(data: bytes) -> tuple[int, int] | None:
    """Rows and columns of a JPEG, JPEG-LS or JPEG 2000 codestream; none if it is none of them.

    Raises:
        ValueError: It starts as one of them and goes on as none.
    """
    start = _codestream_start(data) if data.startswith(JP2_START) else 0
    if data.startswith(JPEG_2000, start):
        right, bottom, left, top = (
            int.from_bytes(data[at : at + 4], "big") for at in range(start + 8, start + 24, 4)
        )
        return bottom - top, right - left
    if start:
        raise ValueError("no JPEG 2000 codestream in its box")
    return _jpeg_size(data) if data.startswith(JPEG) else None


def _codestream_start(data: bytes) -> int:
    """Where the codestream begins inside a JP2 file.

    A box without a length would make `pydicom.pixels.utils.get_j2k_parameters` turn in a
    circle for ever.
    """
    at = 0
    while at + 8 <= len(data):
        if data[at + 4 : at + 8] == b"jp2c":
            return at + 8
        length = int.from_bytes(data[at : at + 4], "big")
        if length < 8:
            raise ValueError("a JP2 box without a length")
        at += length
    raise ValueError("no codestream in the JP2 file")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = len(JPEG)
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in FRAME_MARKERS:
            height, width = data[at + 5 : at + 7], data[at + 7 : at + 9]
            return int.from_bytes(height, "big"), int.from_bytes(width, "big")
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in BARE_MARKERS:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise ValueError("no start of frame in the JPEG data")
