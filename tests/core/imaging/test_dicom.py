"""DICOM: values to grey as the header says, and nothing of the patient."""

import os
import subprocess
import sys
import tracemalloc
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from made_dicom import RAMP, between, grey, header, written
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from core.errors import UnreadableScan
from core.imaging.dicom import looks_like_dicom, series_of
from core.imaging.reading import Selection
from core.imaging.scans import open_scan, read_scan


def refusal(data):
    with pytest.raises(UnreadableScan) as caught:
        read_scan(data, "a")
    return caught.value.reason


def test_a_window_is_the_standard_s_linear_function():
    """PS3.3 C.11.2.1.2.1: black up to c - 0.5 - (w - 1) / 2, white above c - 0.5 + (w - 1) / 2."""
    shown = grey(header(WindowCenter=400, WindowWidth=201))
    assert np.abs(shown - between(RAMP, 299.5, 499.5)).max() <= 0.51


def test_the_exact_and_the_sigmoid_window():
    exact = grey(header(WindowCenter=400, WindowWidth=200, VOILUTFunction="LINEAR_EXACT"))
    assert np.abs(exact - between(RAMP, 300, 500)).max() <= 0.51
    sigmoid = grey(header(WindowCenter=400, WindowWidth=200, VOILUTFunction="SIGMOID"))
    expected = 255 / (1 + np.exp(-4 * (RAMP.astype(float) - 400) / 200))
    assert np.abs(sigmoid - expected).max() <= 0.51


@pytest.mark.parametrize(
    "window",
    [{}, {"WindowCenter": 0, "WindowWidth": 0}, {"WindowCenter": 0}, {"WindowWidth": 100}],
    ids=["none", "zeros", "no width", "no centre"],
)
def test_without_a_window_percentiles_do(window):
    low, high = np.percentile(RAMP, (1, 99))
    assert np.abs(grey(header(**window)) - between(RAMP, low, high)).max() <= 0.51


def test_a_window_of_centre_zero_with_a_width_is_one():
    values = (RAMP.astype(np.int16) - 500).astype(np.int16)
    shown = grey(header(values, WindowCenter=0, WindowWidth=201))
    assert np.abs(shown - between(values, -100.5, 99.5)).max() <= 0.51


def test_of_several_windows_the_first_counts():
    several = grey(header(WindowCenter=[400, 40], WindowWidth=[201, 80]))
    assert np.array_equal(several, grey(header(WindowCenter=400, WindowWidth=201)))


def test_rescaling_comes_before_the_window():
    rescaled = header(RescaleSlope=2, RescaleIntercept=-100, WindowCenter=400, WindowWidth=201)
    shown = grey(rescaled)
    assert np.abs(shown - between(RAMP * 2.0 - 100, 299.5, 499.5)).max() <= 0.51


@pytest.mark.parametrize("empty", ["RescaleSlope", "RescaleIntercept"])
def test_rescaling_that_is_not_told_whole_is_none(empty):
    told = {"RescaleSlope": 2, "RescaleIntercept": -100, "WindowCenter": 400, "WindowWidth": 201}
    shown = grey(header(**told | {empty: None}))
    assert np.array_equal(shown, grey(header(WindowCenter=400, WindowWidth=201)))


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("kind", ["OW", "US"])
def test_a_modality_table_comes_before_the_window(kind, bits):
    entries = [n // 4 for n in range(900)]
    table = Dataset()
    table.LUTDescriptor = [900, 50, bits]
    table.add_new("LUTData", kind, np.array(entries, "<u2").tobytes() if kind == "OW" else entries)
    shown = grey(header(ModalityLUTSequence=Sequence([table]), WindowCenter=128, WindowWidth=256))
    values = np.array(entries)[np.clip(RAMP.astype(int) - 50, 0, 899)]
    assert np.abs(shown - between(values, 0, 255)).max() <= 0.51


def test_monochrome1_is_inverted_after_the_window():
    upright = grey(header(WindowCenter=400, WindowWidth=201))
    inverted = header(WindowCenter=400, WindowWidth=201, PhotometricInterpretation="MONOCHROME1")
    assert np.array_equal(grey(inverted), 255 - upright)


@pytest.mark.parametrize("kind", ["OW", "US"])
def test_a_table_of_values_takes_the_place_of_a_window(kind):
    entries = [255 - n // 4 for n in range(900)]
    table = Dataset()
    table.LUTDescriptor = [900, 50, 8]
    data = np.array(entries, "<u2").tobytes() if kind == "OW" else entries
    table.add_new("LUTData", kind, data)
    shown = grey(header(VOILUTSequence=Sequence([table]), WindowCenter=400, WindowWidth=201))
    assert np.array_equal(shown, np.array(entries)[np.clip(RAMP.astype(int) - 50, 0, 899)])


def test_a_window_of_choice_goes_before_the_header_s_and_its_table():
    table = Dataset()
    table.LUTDescriptor = [1000, 0, 8]
    table.add_new("LUTData", "OW", np.full(1000, 7, "<u2").tobytes())
    for more in ({}, {"WindowCenter": 40, "WindowWidth": 80}, {"VOILUTSequence": [table]}):
        data = written(header(PhotometricInterpretation="MONOCHROME1", **more))
        scan = open_scan(data, "a").scan(Selection(window=(400, 200)))
        expected = 255 - between(RAMP, 300, 500)
        assert np.abs(scan.pixels[..., 0] - expected).max() <= 2  # the linear one is 1 narrower
        assert scan.window == (400, 200)
        assert scan.levels == (0, 999)


def test_the_window_that_was_used_is_told():
    told = read_scan(written(header(WindowCenter=[400, 1], WindowWidth=[201, 2])), "a").window
    assert told == (400, 201)
    low, high = np.percentile(RAMP, (1, 99))
    assert read_scan(written(header()), "a").window == pytest.approx(((low + high) / 2, high - low))
    colours = written(
        header(
            np.zeros((4, 12), np.uint8),
            Columns=4,
            SamplesPerPixel=3,
            PlanarConfiguration=0,
            PhotometricInterpretation="RGB",
        )
    )
    assert read_scan(colours, "a").window is None


def test_frames_are_slices_each_with_its_own_window():
    """Enhanced files keep rescaling and window of each frame in functional groups."""
    frames = np.stack([RAMP, RAMP + 100, RAMP + 200]).astype(np.uint16)

    def group(**elements):
        item, inner = Dataset(), Dataset()
        for keyword, value in elements.items():
            setattr(inner, keyword, value)
        name = "PixelValueTransformation" if "RescaleSlope" in elements else "FrameVOILUT"
        setattr(item, f"{name}Sequence", Sequence([inner]))
        return item

    scan = header(
        frames,
        SharedFunctionalGroupsSequence=Sequence([group(RescaleSlope=2, RescaleIntercept=0)]),
        PerFrameFunctionalGroupsSequence=Sequence(
            [group(WindowCenter=200 * n + 600, WindowWidth=201) for n in range(3)]
        ),
    )
    file = open_scan(written(scan), "a")
    assert file.slices == 3
    for n in range(3):
        centre = 200 * n + 600 - 0.5
        expected = between(frames[n] * 2.0, centre - 100, centre + 100)
        assert np.abs(file.slice(n).pixels[..., 0] - expected).max() <= 0.51


def test_only_technical_codes_and_numbers_are_told():
    scan = header(
        BodyPartExamined="HEAD",
        PixelSpacing=[0.5, 0.5],
        SliceThickness="5.000",
        MagneticFieldStrength="1.5",
        ScanningSequence=["SE", "IR"],
        SequenceVariant="Jane Doe, 1970-01-01",
        EchoTime=["14"] * 1500,
        SeriesDescription="Doe jane",
        InstitutionName="St Elsewhere",
        PatientID="123",
        StudyDate="20200101",
    )
    assert dict(open_scan(written(scan), "a").tags) == {
        "Modality": "MR",
        "BodyPartExamined": "HEAD",
        "PhotometricInterpretation": "MONOCHROME2",
        "ScanningSequence": "SE, IR",
        "PixelSpacing": "0.5, 0.5",
        "SliceThickness": "5",
        "MagneticFieldStrength": "1.5",
    }


@pytest.mark.parametrize(
    ("written_as", "told"),
    [
        *(("BRAIN", "BRAIN"), ("HEAD_NECK", "HEADNECK"), ("Chest Abdomen", "CHESTABDOMEN")),
        *(("DOE JOHN", None), ("DOE_JOHN 1950", None), ("", None)),
    ],
)
def test_a_body_part_is_told_by_its_known_name_alone(written_as, told):
    scan = open_scan(written(header(BodyPartExamined=written_as)), "a")
    assert scan.tags.get("BodyPartExamined") == told


def test_no_element_that_names_a_person_is_kept_in_memory(shared):
    file = open_scan((shared / "formats" / "brain_005.dcm").read_bytes(), "a")
    kept = {element.keyword for element in file._reader._file}
    assert "Modality" in kept
    assert not {k for k in kept if k.startswith(("Patient", "Study", "Institution", "Referring"))}


def test_odd_values_are_not_quoted_in_warnings_or_logs(tmp_path):
    scan = header()
    scan.PatientName = "Doe^Jane"
    data = written(scan).replace(b"Doe^Jane", b"Doe\xff\xff\x00\xe9e")
    data = data.replace(b"MR", b"\xff\x00", 1)
    (tmp_path / "scan").write_bytes(data)
    code = (
        "import sys, logging; logging.basicConfig(level=20);"
        "from core.imaging.scans import read_scan; read_scan(open(sys.argv[1], 'rb').read(), 'x')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "scan")], capture_output=True, check=True
    )
    assert done.stderr == b""
    assert done.stdout == b""


def test_old_files_without_the_mark_are_read():
    for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian):
        scan = header()
        scan.file_meta.TransferSyntaxUID = syntax
        whole = written(scan)
        expected = read_scan(whole, "a").pixels
        assert np.array_equal(read_scan(whole[132:], "a").pixels, expected)
        buffer = BytesIO()
        del scan.file_meta
        scan.save_as(buffer, implicit_vr=syntax.is_implicit_VR, little_endian=True)
        assert not buffer.getvalue().startswith(b"\2")
        assert np.array_equal(read_scan(buffer.getvalue(), "a").pixels, expected)


@pytest.mark.parametrize("data", [b"", b"\x08", b"BM" + b"\0" * 200, b"\x08\x00" * 80, b"\x89PNG"])
def test_what_does_not_look_like_dicom_is_not_forced(data):
    assert not looks_like_dicom(data)


def test_files_without_a_picture_say_so():
    scan = header()
    del scan.PixelData
    assert refusal(written(scan)) == "the DICOM file holds no picture"


def test_a_damaged_frame_costs_no_other():
    scan = header(np.stack([RAMP, RAMP, RAMP]))
    scan.compress(RLELossless, generate_instance_uid=False)
    frames = list(pydicom.encaps.generate_frames(scan.PixelData, number_of_frames=3))
    scan.PixelData = pydicom.encaps.encapsulate([frames[0], b"\xff" * 64, frames[2]])
    file = open_scan(written(scan), "a")
    assert np.array_equal(file.slice(0).pixels, file.slice(2).pixels)
    with pytest.raises(UnreadableScan, match="slice 1 of 0 to 2: "):
        file.slice()


def test_pixels_in_other_than_the_lowest_bits_are_refused():
    """They were shown by their lower bits, which are not theirs."""
    high = header((RAMP << 4).astype(np.uint16), BitsStored=12, HighBit=15)
    assert refusal(written(high)) == "its pixels of 12 bits end at bit 15, not 11"
    low = header(RAMP, BitsStored=12, HighBit=11)
    assert np.array_equal(grey(low), grey(header()))


def test_truncated_pixels_say_how_much_is_there():
    data = written(header())
    assert refusal(data[:-500]) == "its pixels end early: 1,500 of 2,000 bytes"
    assert refusal(data[:600]).startswith(("its pixels end early", "the DICOM file"))


def test_a_deflated_file_is_refused_before_it_is_unpacked():
    scan = header()
    scan.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    assert refusal(written(scan)) == "the DICOM file is deflated"


def test_the_series_of_a_file_is_asked_without_unpacking_it(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(written(header(SeriesInstanceUID="1.2")))
    assert series_of(path) == "1.2"
    scan = header(SeriesInstanceUID="1.2", EncapsulatedDocument=bytes(20_000_000))
    scan.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    path.write_bytes(written(scan))
    tracemalloc.start()
    try:
        assert series_of(path) == ""
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_only_dicom_files_are_of_a_series(tmp_path):
    (tmp_path / "note.txt").write_text("no scan, and longer than the mark of a file " * 5)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert series_of(tmp_path / "note.txt") is None
    assert series_of(tmp_path / "gone") is None
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert series_of(tmp_path / "pipe") is None


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"Rows": 65_535, "Columns": 65_535}, "it declares 65,535 × 65,535 pixels"),
        ({"NumberOfFrames": 2_000_000_000}, "it declares 2,000,000,000 slices"),
        ({"NumberOfFrames": 9_999}, "its pixels end early: 2,000 of 19,998,000 bytes"),
        ({"NumberOfFrames": -1}, "it declares no pixels"),
        ({"Rows": 0}, "it declares no pixels"),
        ({"Rows": 8_000, "Columns": 8_000}, "its pixels end early: 2,000 of 128,000,000 bytes"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_declared_size_is_looked_at_before_anything_is_decoded(elements, reason):
    data = written(header(**elements))
    tracemalloc.start()
    assert refusal(data) == reason
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def compressed(**elements):
    scan = header()
    scan.compress(RLELossless, generate_instance_uid=False)
    for keyword, value in elements.items():
        setattr(scan, keyword, value)
    return written(scan)


def test_more_frames_than_pieces_are_refused():
    assert open_scan(compressed(), "a").slices == 1
    assert refusal(compressed(NumberOfFrames=50)) == "it declares 50 frames and holds 1"


def test_compressed_pixels_of_another_size_are_not_decoded():
    """A decoder allocates what the codestream declares, whatever the header says."""
    path = Path(str(get_testdata_file("MR_small_jp2klossless.dcm", download=False)))
    data = bytearray(path.read_bytes())
    at = data.index(b"\xff\x4f\xff\x51") + 8
    data[at : at + 8] = (60_000).to_bytes(4, "big") * 2
    assert refusal(bytes(data)) == "its compressed pixels have another size than its header"


def test_a_compression_without_a_decoder_is_named():
    scan = header()
    scan.file_meta.TransferSyntaxUID = pydicom.uid.MPEG2MPML
    scan.PixelData = pydicom.encaps.encapsulate([b"\0\0\1\xb3" + b"\0" * 60])
    scan["PixelData"].is_undefined_length = True
    reason = refusal(written(scan))
    assert reason.startswith("its pixels (MPEG2")
    assert reason.endswith("cannot be decoded")
