"""The cache of frozen activations: right, keyed by content, bounded, and resumable."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core.config import Head
from core.imaging.preprocessing import scale
from core.model import prefix
from core.model.prefix import BATCH, PrefixCache
from core.model.stages import average_of, cut_shape, prefix_model
from core.model.vgg19 import build_model
from core.model.weights import Weights
from core.protocols import REPORT

SMALL = REPORT.model_copy(
    update={"input": REPORT.input.model_copy(update={"size": 32}), "head": Head(units=(8,))}
)
CUTS = ["block5_pool", "block4_pool"]


@pytest.fixture(scope="module")
def model():
    return build_model(SMALL, Weights("random"))


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (70, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def _room_on_any_disk(monkeypatch):
    monkeypatch.setattr(prefix, "RESERVE", 0)


def expect_near(found, expected):
    """To float tolerance: batches of other sizes are summed in another order."""
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_activations_are_those_of_the_model(model, pictures, tmp_path):
    found = PrefixCache(tmp_path).activations(model, CUTS[:1], pictures, "imagenet", later=CUTS[1:])
    expected = prefix_model(model, CUTS).predict_on_batch(scale(pictures, "imagenet"))
    assert list(found) == CUTS
    for cut in CUTS:
        expect_near(found[cut], expected[cut])
        assert isinstance(found[cut], np.memmap)
        assert not found[cut].flags.writeable


def test_an_average_comes_along_under_a_key_of_its_own(model, pictures, tmp_path):
    cache, calls = PrefixCache(tmp_path), []
    average = average_of("block4_pool")
    found = cache.activations(model, CUTS, pictures, "unit", later=[average])
    assert found[average].shape == (70, 512)
    expect_near(found[average], np.asarray(found["block4_pool"]).mean(axis=(1, 2)))
    cache.activations(model, [average], pictures, "unit", each_batch=lambda *n: calls.append(n))
    assert calls == []
    assert len(list(tmp_path.glob("*.npy"))) == 3


def test_a_second_call_computes_nothing(model, pictures, tmp_path):
    cache, calls = PrefixCache(tmp_path), []
    for _ in range(2):
        cache.activations(model, CUTS, pictures, "unit", each_batch=lambda *n: calls.append(n))
    cache.activations(model, CUTS[1:], pictures, "unit", each_batch=lambda *n: calls.append(n))
    assert calls == [(32, 70), (64, 70), (70, 70)]


@pytest.mark.parametrize("change", ["picture", "scaling", "weight", "order"])
def test_whatever_changes_an_activation_changes_its_key(model, pictures, tmp_path, change):
    cache, calls = PrefixCache(tmp_path), []
    cache.activations(model, CUTS[:1], pictures, "unit")
    scaling, network = "unit", model
    if change == "picture":
        pictures[3, 4, 5, 0] ^= 1
    elif change == "scaling":
        scaling = "imagenet"
    elif change == "order":
        pictures = pictures[::-1]
    else:
        network = build_model(SMALL, Weights("random"))
        kernel = network.get_layer("block2_conv1").kernel
        kernel.assign(np.asarray(kernel) * 1.01)
    cache.activations(network, CUTS[:1], pictures, scaling, each_batch=lambda *n: calls.append(n))
    assert calls[-1] == (70, 70)


def test_a_layer_above_the_cut_does_not_matter(pictures, tmp_path):
    cache, calls = PrefixCache(tmp_path), []
    network = build_model(SMALL, Weights("random"))
    cache.activations(network, ["block3_pool"], pictures, "unit")
    kernel = network.get_layer("block4_conv1").kernel
    kernel.assign(np.asarray(kernel) * 2)
    cache.activations(
        network, ["block3_pool"], pictures, "unit", each_batch=lambda *n: calls.append(n)
    )
    assert calls == []


def test_repetitions_with_other_seeds_share_an_entry(model, pictures, tmp_path):
    """A seed decides the head. What is frozen is the same in every fold of every repetition."""
    cache, calls = PrefixCache(tmp_path), []
    cache.activations(model, CUTS, pictures, "unit")
    repeated = build_model(SMALL.with_settings({"seed": 8}), Weights("random"))
    assert not np.array_equal(
        *(np.asarray(m.get_layer("head_dense1").kernel) for m in (model, repeated))
    )
    cache.activations(repeated, CUTS, pictures, "unit", each_batch=lambda *n: calls.append(n))
    assert calls == []


def test_an_interrupted_computation_goes_on_where_it_stopped(model, pictures, tmp_path):
    cache, calls = PrefixCache(tmp_path), []

    def stop_at_once(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.activations(model, CUTS, pictures, "unit", each_batch=stop_at_once)
    found = cache.activations(model, CUTS, pictures, "unit", each_batch=lambda *n: calls.append(n))
    assert calls == [(64, 70), (70, 70)]
    expected = prefix_model(model, CUTS).predict_on_batch(scale(pictures, "unit"))
    expect_near(found["block4_pool"], expected["block4_pool"])
    assert not list(tmp_path.glob("*.partial")) + list(tmp_path.glob("*.rows"))


def test_a_continuation_has_what_the_computation_took_of_the_disk(
    model, pictures, tmp_path, monkeypatch
):
    """Or it would not fit where it fitted before, and be given up with most of it done."""
    size = sum(4 * len(pictures) * int(np.prod(cut_shape(model, cut))) for cut in CUTS)
    disk = prefix.RESERVE + size + 100_000

    def usage(folder):
        taken = sum(512 * path.stat().st_blocks for path in Path(folder).glob("*"))
        return SimpleNamespace(free=disk - taken)

    monkeypatch.setattr(prefix.shutil, "disk_usage", usage)
    cache = PrefixCache(tmp_path)

    def stop_late(done, _):
        if done > BATCH:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.activations(model, CUTS, pictures, "unit", each_batch=stop_late)
    assert set(cache.activations(model, CUTS, pictures, "unit")) == set(CUTS)


def test_what_was_begun_for_other_cuts_makes_room(model, pictures, tmp_path):
    def stop_at_once(*_):
        raise KeyboardInterrupt

    cache = PrefixCache(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        cache.activations(model, CUTS, pictures, "unit", each_batch=stop_at_once)
    assert len(list(tmp_path.glob("*.partial"))) == len(CUTS)
    cache.activations(model, CUTS[:1], pictures, "unit")
    assert len(list(tmp_path.glob("*.partial"))) == len(CUTS) - 1


@pytest.mark.parametrize("left", ["no part", "an empty marker"])
def test_what_is_left_of_an_interrupted_computation_is_not_trusted_blindly(
    model, pictures, tmp_path, left
):
    """A part may have been evicted meanwhile, or the power may have gone while it was noted."""
    cache = PrefixCache(tmp_path)

    def stop_at_once(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.activations(model, CUTS, pictures, "unit", each_batch=stop_at_once)
    if left == "no part":
        next(tmp_path.glob("*.partial")).unlink()
        with pytest.MonkeyPatch.context() as context:
            context.setattr(prefix, "scale", stop_at_once)  # in the first batch
            with pytest.raises(KeyboardInterrupt):
                cache.activations(model, CUTS, pictures, "unit")
    else:
        next(tmp_path.glob("*.rows")).write_text("")
    found = cache.activations(model, CUTS, pictures, "unit")
    expected = prefix_model(model, CUTS).predict_on_batch(scale(pictures, "unit"))
    for cut in CUTS:
        expect_near(found[cut], expected[cut])


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
def test_nothing_is_mapped_any_more_when_a_file_takes_its_place(
    model, pictures, tmp_path, monkeypatch
):
    """Windows refuses to rename a file that is mapped."""
    mapped = []
    replace = Path.replace

    def look(self, target):
        mapped.append(str(self) in Path("/proc/self/maps").read_text())
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", look)
    PrefixCache(tmp_path).activations(model, CUTS, pictures, "unit")
    assert len(mapped) > len(CUTS)
    assert not any(mapped)


def test_the_oldest_entry_makes_room_and_the_limit_holds(model, pictures, tmp_path):
    size = 70 * 512 * 4 + 128
    cache = PrefixCache(tmp_path, limit=2 * size + 1000)
    for scaling in ("unit", "imagenet"):
        cache.activations(model, CUTS[:1], pictures, scaling)
    first = min(tmp_path.glob("*.npy"), key=lambda p: p.stat().st_mtime_ns)
    cache.activations(model, CUTS[:1], pictures[::-1], "unit")
    entries = list(tmp_path.glob("*.npy"))
    assert first not in entries
    assert sum(p.stat().st_size for p in entries) <= cache.limit


def test_an_entry_larger_than_the_limit_is_declined_and_evicts_nothing(model, pictures, tmp_path):
    PrefixCache(tmp_path).activations(model, CUTS[:1], pictures, "unit")
    before = sorted(tmp_path.iterdir())
    small = PrefixCache(tmp_path, limit=1000)
    assert small.activations(model, CUTS[:1], pictures[:40], "unit") == {}
    assert sorted(tmp_path.iterdir()) == before


def test_later_cuts_come_along_only_as_far_as_there_is_room(model, pictures, tmp_path):
    cache = PrefixCache(tmp_path, limit=70 * 512 * 4 + 5000)
    found = cache.activations(model, CUTS[:1], pictures, "unit", later=CUTS[1:])
    assert list(found) == ["block5_pool"]


def test_cuts_that_do_not_fit_together_are_declined_together(model, pictures, tmp_path):
    cache = PrefixCache(tmp_path, limit=70 * 512 * 4 + 5000)
    assert cache.activations(model, CUTS, pictures, "unit") == {}
    assert not list(tmp_path.iterdir())
