"""Baselines learn what there is to learn, and only from the training part."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from core.protocols import LEAKFREE
from core.training.baselines import BASELINES, Material, rows_for_baselines, write_baselines
from core.training.folders import RunData
from core.training.runs import PREDICTION_COLUMNS
from core.training.workspace import Workspace

N = 90


@pytest.fixture
def made(tmp_path):
    """Noise in which, for the positive class, something is different for each baseline to see."""
    rng = np.random.default_rng(0)
    positive = np.arange(N) % 3 > 0
    pixels = rng.integers(0, 60, (N, 64, 64, 3), np.uint8)
    pixels[positive, :, ::8] = 200  # upright stripes
    features = rng.normal(size=(N, 512)).astype(np.float32)
    features[positive, :20] += 1.2
    root = tmp_path / "scans"
    root.mkdir()
    for number in range(N):
        side = 40 + number % 7 + 20 * (positive[number] and number % 2)
        name = root / f"{number:03d}.png"
        Image.fromarray(rng.integers(0, 255, (side, 50), np.uint8)).save(name)
    table = pd.DataFrame(
        {
            "file": [f"{number:03d}.png" for number in range(N)],
            "view": 0,
            "label": np.where(positive, "yes", "no"),
            "group": np.arange(N) // 2,
            "split": np.repeat(["train", "validation", "test"], N // 3),
        }
    )
    data = RunData(
        root=str(root), negative="no", positive="yes", already_split=False, already_cropped=False
    )
    run = Workspace(tmp_path).create(LEAKFREE, data, name="made")
    return run, table, Material(root, pixels, features)


def write(run, table, material):
    told = []
    write_baselines(run, table, material, progress=lambda done, total: told.append((done, total)))
    return told


def test_each_finds_what_there_is_for_it(made):
    run, table, material = made
    assert write(run, table, material) == [(1, 4), (2, 4), (3, 4), (4, 4)]
    held_out = table[table["split"] != "train"]
    for baseline in BASELINES:
        rows = run.baseline_predictions(baseline.name)
        assert list(rows.columns) == PREDICTION_COLUMNS
        assert list(rows["file"]) == list(held_out["file"])
        assert rows["probability"].between(0, 1).all()
        area = roc_auc_score(rows["label"] == "yes", rows["probability"])
        if baseline.name == "majority":
            assert set(rows["probability"]) == {20 / 30}
        else:
            assert area > (0.55 if baseline.name == "metadata" else 0.9), baseline.name


def test_labels_of_validation_and_test_have_no_say(made):
    run, table, material = made
    write(run, table, material)
    before = {b.name: run.baseline_predictions(b.name)["probability"] for b in BASELINES}
    held_out = table["split"] != "train"
    turned = table["label"].map({"yes": "no", "no": "yes"})
    write(run, table.assign(label=table["label"].where(~held_out, turned)), material)
    for name, probability in before.items():
        pd.testing.assert_series_equal(run.baseline_predictions(name)["probability"], probability)


def test_one_class_alone_is_no_reason_to_fail(made):
    run, table, material = made
    told = write(run, table.assign(label="yes"), material)
    assert told[-1] == (4, 4)
    assert all(run.baseline_predictions(baseline.name) is None for baseline in BASELINES)


def test_what_fails_is_left_out_and_no_file_is_named_in_the_log(made, caplog):
    run, table, material = made
    (material.root / "007.png").unlink()
    with caplog.at_level("WARNING", "neurostage"):
        write(run, table, material)
    assert run.baseline_predictions("metadata") is None
    assert run.baseline_predictions("features") is not None
    assert "metadata" in caplog.text
    assert "007" not in caplog.text


def test_a_stop_is_not_taken_for_a_failure(made):
    run, table, material = made

    class Stopped(Exception):
        pass

    def stop(*_):
        raise Stopped

    with pytest.raises(Stopped):
        write_baselines(run, table, material, progress=stop)
    assert run.baseline_predictions("hog") is None


def test_few_groups_are_enough_for_the_calibration(made):
    run, table, material = made
    rows = np.r_[:6, 30:36, 60:66]
    small = Material(material.root, material.pictures[rows], material.features[rows])
    write(run, table.iloc[rows].reset_index(drop=True), small)
    assert run.baseline_predictions("hog") is not None


def test_originals_of_train_and_all_of_the_rest():
    table = pd.DataFrame(
        {
            "view": [0, 1, 0, 1, 0, 0],
            "split": ["train", "train", "test", "test", "validation", None],
        }
    )
    assert rows_for_baselines(table).tolist() == [0, 2, 3, 4]
