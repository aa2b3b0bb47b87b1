"""The size that a compressed picture inside a DICOM file declares for itself.

A decoder allocates what the compressed data declare, whatever the DICOM header says, so this
is looked at before a decoder is let near them.
"""

JPEG_2000 = b"\xff\x4f\xff\x51"
"""Start of codestream, then the marker of the size segment (ITU-T T.800, annex A)."""
JPEG_2000_BOX = b"jP  "
FRAME_MARKERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
"""Starts of frame of JPEG (ITU-T T.81, table B.1) and JPEG-LS (T.87)."""
BARE_MARKERS = {0x01, *range(0xD0, 0xD9)}
"""Markers without a segment after them."""


def declared_size(data: bytes) -> tuple[int, int] | None:
    """Rows and columns of a JPEG, JPEG-LS or JPEG 2000 codestream; none if it is neither."""
    if data[4:8] == JPEG_2000_BOX:
        data = data[max(0, data.find(JPEG_2000)) :]
    if data.startswith(JPEG_2000):
        right, bottom, left, top = (
            int.from_bytes(data[at : at + 4], "big") for at in range(8, 24, 4)
        )
        return bottom - top, right - left
    if data.startswith(b"\xff\xd8"):
        return _jpeg_size(data)
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker in FRAME_MARKERS:
            height, width = data[at + 5 : at + 7], data[at + 7 : at + 9]
            return int.from_bytes(height, "big"), int.from_bytes(width, "big")
        if marker == 0xFF:
            at += 1
        elif marker in BARE_MARKERS:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
