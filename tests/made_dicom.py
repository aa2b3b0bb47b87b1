"""Small DICOM files with known values."""

from io import BytesIO

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from core.imaging.scans import read_scan

RAMP = np.arange(1000, dtype=np.uint16).reshape(20, 50)


def header(pixels=RAMP, **elements):
    """A small MR file around `pixels`: (H, W), or (frames, H, W)."""
    scan = Dataset()
    scan.file_meta = FileMetaDataset()
    scan.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    scan.SOPClassUID = MRImageStorage
    scan.SOPInstanceUID = generate_uid(entropy_srcs=["scan"])
    scan.Modality = "MR"
    scan.PatientName = "Doe^Jane"
    if pixels.ndim == 3:
        scan.NumberOfFrames = len(pixels)
    scan.Rows, scan.Columns = pixels.shape[-2:]
    scan.SamplesPerPixel = 1
    scan.PhotometricInterpretation = "MONOCHROME2"
    scan.BitsAllocated = scan.BitsStored = 8 * pixels.itemsize
    scan.HighBit = scan.BitsStored - 1
    scan.PixelRepresentation = int(pixels.dtype.kind == "i")
    scan.PixelData = pixels.tobytes()
    for keyword, value in elements.items():
        setattr(scan, keyword, value)
    return scan


def written(scan, **options):
    buffer = BytesIO()
    scan.save_as(buffer, enforce_file_format=True, **options)
    return buffer.getvalue()


def grey(scan):
    """What is shown of a scan whose channels must be the same, (h, w)."""
    pixels = read_scan(written(scan), "a").pixels
    assert (pixels == pixels[..., :1]).all()
    return pixels[..., 0]


def between(values, low, high):
    """Values from black at one end to white at the other, 0 to 255."""
    return np.clip((values.astype(float) - low) / (high - low) * 255, 0, 255)
