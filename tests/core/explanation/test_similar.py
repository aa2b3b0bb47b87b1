"""The nearest training scans of a class."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cosine

from core.explanation.similar import cosine_distances, nearest, training_scans


@pytest.fixture
def split():
    rows = [("a", 0, "yes", 0), ("a", 1, "yes", 0), ("b", 0, "yes", 1), ("c", 0, "no", 2)]
    table = pd.DataFrame(rows, columns=["file", "view", "label", "group"])
    held = pd.DataFrame([("d", 0, "yes", 0)], columns=table.columns)
    return pd.concat([table.assign(split="train"), held.assign(split="test")]).assign(
        sha256=lambda t: "sha-" + t["file"]
    )


def test_only_training_scans_as_they_are_are_kept(split):
    assert training_scans(split)["file"].tolist() == ["a", "b", "c"]


def test_distance_is_the_cosine_distance():
    one, *many = np.random.default_rng(0).random((5, 8)).astype(np.float32)
    expected = [cosine(one, other) for other in many]
    np.testing.assert_allclose(cosine_distances(one, np.stack(many)), expected, atol=1e-6)
    assert cosine_distances(one, np.zeros((1, 8), np.float32))[0] == 1


def test_nearest_come_first_and_of_the_class_asked_for(split):
    scans = training_scans(split)
    features = np.float32([[1, 0], [1, 1], [0, 1]])
    cases = nearest(np.float32([1, 0.2]), scans, features, "yes", 5, ())
    assert [case.file for case in cases] == ["a", "b"]
    assert cases[0].distance < cases[1].distance
    assert not any(case.near_copy for case in cases)
    assert [c.file for c in nearest(np.float32([1, 0]), scans, features, "no", 5, ())] == ["c"]
    assert len(nearest(np.float32([1, 0]), scans, features, "yes", 1, ())) == 1


def test_scans_of_which_nothing_is_known_are_no_cases(split):
    scans = training_scans(split)
    features = np.float32([[0, 0], [1, 1], [0, 1]])
    cases = nearest(np.float32([1, 0]), scans, features, "yes", 5, ())
    assert [case.file for case in cases] == ["b"]


def test_scan_itself_is_left_out_and_its_copies_are_marked(split):
    scans = training_scans(split)
    features = np.float32([[1, 0], [1, 1], [0, 1]])
    cases = nearest(features[0], scans, features, "yes", 5, ["sha-a"])
    assert [case.file for case in cases] == ["b"]
    held_out = nearest(features[0], scans, features, "yes", 5, ["sha-d"], group=0)
    assert [(case.file, case.near_copy) for case in held_out] == [("a", True), ("b", False)]
