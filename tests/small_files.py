"""Real files of a few kilobytes: every decoder, every way of writing DICOM."""

import gzip
import zipfile
from io import BytesIO
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image
from pydicom.data import get_testdata_file


def small_files() -> dict[str, bytes]:
    """Real files of a few kilobytes: every decoder, every way of writing DICOM."""
    names = (
        *("MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm"),
        *("MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "SC_rgb_small_odd.dcm"),
        *("SC_rgb_jpeg_dcmtk.dcm", "GDCMJ2K_TextGBR.dcm", "JPEGLSNearLossless_16.dcm"),
        *("JPGExtended.dcm", "examples_palette.dcm", "rtdose_rle.dcm", "liver_1frame.dcm"),
    )
    files = {name: Path(str(get_testdata_file(name, download=False))) for name in names}
    found = {name: path.read_bytes() for name, path in files.items()}
    noise = np.random.default_rng(5).integers(0, 256, (24, 31, 4), np.uint8)
    for format, mode in (
        *(("PNG", "RGBA"), ("PNG", "P"), ("JPEG", "RGB"), ("JPEG", "CMYK"), ("BMP", "RGB")),
        *(("TIFF", "RGB"), ("TIFF", "F"), ("WEBP", "RGB"), ("GIF", "P"), ("PPM", "L")),
    ):
        buffer = BytesIO()
        Image.fromarray(noise).convert("RGB").convert(mode).save(buffer, format)
        found[f"{format} {mode}"] = buffer.getvalue()
    volume = np.random.default_rng(6).integers(0, 900, (9, 8, 7)).astype(np.int16)
    for kind in (nibabel.Nifti1Image, nibabel.Nifti2Image):
        found[kind.__name__] = kind(volume, np.diag([2, -2, 3, 1])).to_bytes()
        found[f"{kind.__name__} gz"] = gzip.compress(found[kind.__name__])
    series = BytesIO()
    with zipfile.ZipFile(series, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}.dcm", found["MR_small_RLE.dcm"])
    found["series zip"] = series.getvalue()
    return found
