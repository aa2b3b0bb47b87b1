"""NIfTI: axial slices, front up, the head's right side on the left."""

import gzip
import tracemalloc

import nibabel
import numpy as np
import pytest

from core.errors import SettingError, UnreadableScan
from core.imaging.reading import Selection
from core.imaging.scans import open_scan, read_scan

FLAIR = "TCGA_DU_5872_19950223_flair.nii.gz"


def landmarks():
    """A volume (x to the left-right, y to the front, z up) with a mark in three corners."""
    volume = np.zeros((10, 12, 6), np.int16)
    volume[8:, 1:3, 1] = 1000  # right, back, low
    volume[:2, 9:, 4] = 1000  # left, front, high
    volume[4:6, 5:7, 2] = 500  # middle
    return volume


def image(volume=None, affine=None, **options):
    volume = landmarks() if volume is None else volume
    return nibabel.Nifti1Image(volume, np.eye(4) if affine is None else affine, **options)


def refusal(data):
    with pytest.raises(UnreadableScan) as caught:
        open_scan(data, "a")
    return caught.value.reason


def check_landmarks(data):
    file = open_scan(data, "a")
    assert (file.format, file.slices) == ("nifti", 6)
    low, middle, high = (file.slice(k).pixels[..., 0] for k in (1, 2, 4))
    assert low.shape == (12, 10)
    assert low[9:11, :2].min() == 255  # back is down, right is on the left
    assert np.count_nonzero(low) == 4
    assert high[:3, 8:].min() == 255  # front is up, left is on the right
    assert np.count_nonzero(high) == 6
    assert 100 < middle[5:7, 4:6].min() <= middle.max() < 155


def test_an_upright_volume_is_shown_as_in_radiology():
    check_landmarks(image().to_bytes())


@pytest.mark.parametrize("codes", ["LAS", "LPS", "PIR", "ASL", "SRA", "IPL"])
def test_any_stored_orientation_is_turned_upright(codes):
    turn = nibabel.orientations.ornt_transform(
        nibabel.orientations.axcodes2ornt("RAS"), nibabel.orientations.axcodes2ornt(codes)
    )
    turned = image().as_reoriented(turn)
    assert "".join(nibabel.aff2axcodes(turned.affine)) == codes
    check_landmarks(turned.to_bytes())


def test_a_tilted_volume_goes_to_the_nearest_axes():
    angle = np.deg2rad(20)
    affine = np.eye(4)
    affine[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    check_landmarks(image(affine=affine).to_bytes())


def test_nifti_2_big_endian_and_gzip_are_the_same():
    second = nibabel.Nifti2Image(landmarks(), np.eye(4))
    swapped = image().header.as_byteswapped(">")
    big = nibabel.Nifti1Image(landmarks().astype(">i2"), None, header=swapped)
    for data in (second.to_bytes(), big.to_bytes(), gzip.compress(image().to_bytes())):
        check_landmarks(data)


def test_values_are_scaled_by_percentiles_of_the_whole_volume(shared):
    data = (shared / "formats" / FLAIR).read_bytes()
    stored = np.asarray(nibabel.load(shared / "formats" / FLAIR).dataobj)
    low, high = np.percentile(stored, (1, 99))
    shown = read_scan(data, "a", 20).pixels[..., 0]
    expected = np.clip((stored[::-1, ::-1, 20].T.astype(float) - low) / (high - low) * 255, 0, 255)
    assert np.abs(shown - expected).max() <= 0.51


def test_a_mask_lies_where_it_does_in_the_scan(shared):
    """A mask is nearly all zeros: its percentiles are the same, so its range counts."""
    mask = open_scan((shared / "formats" / FLAIR.replace("flair", "mask")).read_bytes(), "a")
    flair = open_scan((shared / "formats" / FLAIR).read_bytes(), "a")
    lesion = mask.slice(45).pixels[..., 0]
    assert set(np.unique(lesion)) == {0, 255}
    inside = lesion > 0
    grey = flair.slice(45).pixels[..., 0].astype(float)
    assert grey[inside].mean() > grey[~inside].mean()


def test_of_a_series_in_time_the_first_volume_is_shown(shared):
    stored = nibabel.as_closest_canonical(nibabel.load(shared / "formats" / "example4d.nii.gz"))
    first = np.asarray(stored.dataobj)[..., 0].astype(float)
    low, high = np.percentile(first, (1, 99))
    shown = read_scan((shared / "formats" / "example4d.nii.gz").read_bytes(), "a", 10).pixels
    expected = np.clip((first[::-1, ::-1, 10].T - low) / (high - low) * 255, 0, 255)
    assert np.abs(shown[..., 0] - expected).max() <= 0.51


def test_the_header_s_scaling_is_applied():
    straight = image()
    falling = image()
    falling.header.set_slope_inter(-2, 10)
    data = bytearray(straight.to_bytes())
    data[112:120] = np.array([-2, 10], "<f4").tobytes()
    shown, inverted = (read_scan(bytes(d), "a", 2).pixels for d in (straight.to_bytes(), data))
    assert shown[5, 4, 0] > shown[0, 0, 0]
    assert inverted[5, 4, 0] < inverted[0, 0, 0]


def test_colour_and_complex_and_float_volumes():
    rgb = np.zeros((4, 5, 3), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    rgb["R"], rgb["B"] = 200, 7
    assert read_scan(image(rgb).to_bytes(), "a").pixels[2, 2].tolist() == [200, 0, 7]
    ramp = np.linspace(0, 1, 60, dtype=np.float32).reshape(4, 5, 3)
    real = read_scan(image(ramp).to_bytes(), "a").pixels
    turned = read_scan(image((ramp * -1j).astype(np.complex64)).to_bytes(), "a").pixels
    assert np.abs(real.astype(int) - turned).max() <= 1
    ramp[0, 0, 1] = np.nan
    assert read_scan(image(ramp).to_bytes(), "a").pixels[4, 3, 0] == 0


def test_a_flat_file_is_one_slice():
    file = open_scan(image(np.arange(20, dtype=np.int16).reshape(4, 5)).to_bytes(), "a")
    assert file.slices == 1
    assert file.slice().pixels.shape == (5, 4, 3)


def test_voxels_that_are_not_square_are_drawn_square():
    """A sagittal series of thick slices: its axial pictures would be strips."""
    data = image(affine=np.diag([5.0, 1.0, 1.0, 1.0])).to_bytes()
    file = open_scan(data, "a")
    assert file.slice().pixels.shape == (12, 50, 3)
    assert file.tags == {"PixelSpacing": "1, 5", "SliceThickness": "1"}
    upright = open_scan(image(affine=np.diag([1.0, 3.0, 1.0, 1.0])).to_bytes(), "a")
    assert upright.slice().pixels.shape == (36, 10, 3)


def test_voxels_are_as_long_as_the_affine_says_that_turns_the_volume():
    """A head that is turned by the affine and drawn by other lengths would be squeezed."""
    affine = np.diag([0.5, 1.0, 3.0, 1.0])
    data = with_header(80, [1, 1, 1], "<f4", image(affine=affine))
    file = open_scan(data, "a")
    assert file.tags == {"PixelSpacing": "1, 0.5", "SliceThickness": "3"}
    assert file.slice().pixels.shape == (24, 10, 3)
    told = image(affine=affine)
    told.set_sform(None)  # orientation and lengths are then both of the header
    assert np.array_equal(open_scan(told.to_bytes(), "a").slice().pixels, file.slice().pixels)


def test_lengths_that_differ_by_rounding_are_those_of_the_header():
    data = with_header(80, [1.0000001, 1.5, 3.1], "<f4", image(affine=np.diag([1, 1.5001, 3, 1])))
    assert open_scan(data, "a").tags == {"PixelSpacing": "1.5, 1", "SliceThickness": "3"}


def test_a_header_without_a_handedness_has_the_usual_one():
    """0 in pixdim[0] stands for 1 (nifti1.h, on qfac)."""
    made = image()
    made.set_sform(None)
    made.set_qform(np.eye(4), code=1)
    check_landmarks(with_header(76, [0], "<f4", made))


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("coded", [False, True])
def test_a_single_slice_need_not_say_where_the_next_would_be(axis, coded):
    volume = landmarks()
    volume = np.take(volume, [[8], [10], [4]][axis], axis)
    affine = np.eye(4)
    affine[axis, axis] = 0
    whole = image(volume)
    if coded:
        data = with_header(280, affine[:3], "<f4", whole)
    else:
        whole.set_sform(None)
        data = with_header(80 + 4 * axis, [0], "<f4", whole)
    plane = ("sagittal", "coronal", "axial")[axis]
    shown = [open_scan(d, "a").scan(Selection(plane=plane)) for d in (whole.to_bytes(), data)]
    assert shown[0].pixels.any()
    assert np.array_equal(shown[0].pixels, shown[1].pixels)


def test_several_slices_must_say_which_way_they_run():
    affine = np.eye(4)
    affine[2, 2] = 0
    assert refusal(with_header(280, affine[:3], "<f4")) == "the NIfTI file is damaged"


def with_header(at, values, type, made=None):
    data = bytearray((made or image()).to_bytes())
    raw = np.array(values, type).tobytes()
    data[at : at + len(raw)] = raw
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (with_header(42, [30_000, 30_000, 2], "<i2"), "it declares 30,000 × 30,000 pixels"),
        (
            with_header(42, [2000, 2000, 2000], "<i2"),
            "it declares a volume of 16,000,000,000 bytes",
        ),
        (with_header(42, [10, 12, 0], "<i2"), "it declares no pixels"),
        (with_header(42, [10, -12, 6], "<i2"), "it declares no pixels"),
        (with_header(42, [10, 12, 7], "<i2"), "the volume ends early: 1,440 of 1,680 bytes"),
        (with_header(40, [9], "<i2"), "it declares 9 dimensions"),
        (with_header(108, [1e12], "<f4"), "the volume starts beyond every limit"),
        (with_header(108, [np.nan], "<f4"), "the NIfTI file is damaged"),
        (with_header(70, [999], "<i2"), "the NIfTI file is damaged"),
        (with_header(344, [b"ni1"], "S4"), "the NIfTI header lies apart from its volume"),
    ],
)
def test_a_header_that_cannot_be_is_refused(data, reason):
    tracemalloc.start()
    assert refusal(data).startswith(reason)
    assert refusal(gzip.compress(data)).startswith(reason)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_of_a_gzip_file_no_more_is_unpacked_than_the_first_volume():
    bomb = gzip.compress(image().to_bytes() + bytes(60_000_000), 1)
    tracemalloc.start()
    check_landmarks(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


def test_half_a_gzip_file_is_refused(shared):
    data = (shared / "formats" / "example4d.nii.gz").read_bytes()
    assert refusal(data[: len(data) // 4]) == "the gzip file ends early"


@pytest.mark.parametrize("codes", ["RAS", "LPS", "PIR", "IPL"])
def test_coronal_and_sagittal_slices_are_shown_as_in_radiology(codes):
    turn = nibabel.orientations.ornt_transform(
        nibabel.orientations.axcodes2ornt("RAS"), nibabel.orientations.axcodes2ornt(codes)
    )
    file = open_scan(image().as_reoriented(turn).to_bytes(), "a")
    assert file.planes == ("axial", "coronal", "sagittal")
    back = file.scan(Selection(1, "coronal"))
    assert (back.plane, back.slices, back.pixels.shape) == ("coronal", 12, (6, 10, 3))
    assert back.pixels[4, :2, 0].min() == 255  # low is down, right is on the left
    front = file.scan(Selection(10, "coronal"))
    assert front.pixels[1, 8:, 0].min() == 255  # high is up, left is on the right
    left = file.scan(Selection(0, "sagittal"))
    assert (left.slices, left.pixels.shape) == (10, (6, 12, 3))
    assert left.pixels[1, :3, 0].min() == 255  # the front is on the left
    right = file.scan(Selection(9, "sagittal"))
    assert right.pixels[4, 9:11, 0].min() == 255


def test_voxels_are_square_in_every_plane():
    file = open_scan(image(affine=np.diag([1.0, 2.0, 3.0, 1.0])).to_bytes(), "a")
    shapes = {p: file.scan(Selection(plane=p)).pixels.shape[:2] for p in file.planes}
    assert shapes == {"axial": (24, 10), "coronal": (18, 10), "sagittal": (9, 12)}


def test_a_volume_of_a_series_in_time_is_chosen(shared):
    path = shared / "formats" / "example4d.nii.gz"
    stored = np.asarray(nibabel.as_closest_canonical(nibabel.load(path)).dataobj)
    file = open_scan(path.read_bytes(), "a")
    assert file.volumes == 2
    for volume in (1, 0, 1):
        values = stored[..., volume].astype(float)
        low, high = np.percentile(values, (1, 99))
        expected = np.clip((values[::-1, ::-1, 10].T - low) / (high - low) * 255, 0, 255)
        shown = file.scan(Selection(10, volume=volume))
        assert np.abs(shown.pixels[..., 0] - expected).max() <= 0.51
        assert (shown.volume, shown.volumes) == (volume, 2)
        assert shown.levels == (values.min(), values.max())
    with pytest.raises(SettingError, match="a volume from 0 to 1"):
        file.scan(Selection(volume=2))


def test_a_window_of_choice_takes_the_place_of_percentiles():
    file = open_scan(image().to_bytes(), "a")
    usual = file.scan(Selection(2))
    chosen = file.scan(Selection(2, window=(1000, 2000)))
    assert chosen.window == (1000, 2000)
    assert chosen.levels == usual.levels == (0, 1000)
    assert chosen.pixels.max() == 64  # 500 of 2000


@pytest.mark.parametrize(
    "wrong", [{"plane": "oblique"}, {"window": (1, 0)}, {"window": (float("nan"), 5)}]
)
def test_a_selection_that_cannot_be_is_refused(wrong):
    with pytest.raises(SettingError):
        Selection(**wrong)
