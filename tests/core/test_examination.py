"""An answered scan looked at more closely, on a run with a real network (small)."""

import io
import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from made_run import make_run, pictures
from PIL import Image

from core.config import Head, Input
from core.data.patients import Patients
from core.examination import Stages, examine, features, similar_cases
from core.explanation import perturbation, randomisation
from core.explanation.similar import cosine_distances, training_scans
from core.model.vgg19 import build_model
from core.model.weights import Weights, file_sha256
from core.prediction import Predictor
from core.protocols import LEAKFREE
from core.training.runs import Run

STAGES = ("baseline", "stage1")


def png(seed: int) -> bytes:
    """Something round with a texture, on black."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:96, :80]
    texture = cv2.resize(rng.integers(80, 200, (8, 8)).astype(np.uint8), (80, 96))
    inside = ((x - 40) / 30) ** 2 + ((y - 48) / 40) ** 2 < 1
    buffer = io.BytesIO()
    Image.fromarray(np.where(inside, texture, 0).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    """Two stages whose heads differ, and 24 scans, two by two near copies of one another."""
    folder = tmp_path_factory.mktemp("run")
    split = pictures({"train": 12, "validation": 6, "test": 6})
    made = make_run(folder, (1.0, 2.0), split)
    protocol = LEAKFREE.model_copy(
        update={"input": Input(size=48, scaling="imagenet"), "head": Head(units=(8, 4))}
    )
    made.write_config(made.config.model_copy(update={"protocol": protocol}))
    for seed, stage in enumerate(STAGES):
        model = build_model(protocol.model_copy(update={"seed": 7 + seed}), Weights("random"))
        model.save(made.model_path(stage))
        path = made.stage_path(stage) / "metrics.json"
        record = json.loads(path.read_text()) | {
            "model_sha256": file_sha256(made.model_path(stage))
        }
        path.write_text(json.dumps(record))
    root = Path(made.config.data.root)
    for number, file in enumerate(split["file"].unique()):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(png(number))
    digests = {file: file_sha256(root / file) for file in split["file"].unique()}
    made.write_split(split.assign(sha256=split["file"].map(digests)))
    return made


@pytest.fixture(scope="module")
def predictor(run):
    return Predictor(run, "stage1")


@pytest.fixture(scope="module")
def answered(predictor):
    return predictor.predict(png(99), "new.png", explain=True, target=1)


def test_cheap_evidence_is_of_the_map_that_is_shown(predictor, answered):
    found = examine(predictor, answered, "layer-cam")
    assert found.checked == "cheap"
    assert "layer-cam" not in found.agreement
    assert len(found.agreement) == 3
    assert found.empty == (
        predictor.predict(
            png(99), "new.png", explain=True, target=1, method="layer-cam"
        ).map_maximum
        == 0
    )
    json.dumps(found.to_json())


def test_full_evidence_has_curves_and_random_weights(predictor, answered, monkeypatch):
    monkeypatch.setattr(perturbation, "ORDERS", 1)
    monkeypatch.setattr(randomisation, "SEEDS", 1)
    told = []
    method = next(
        name
        for name in ("layer-cam-fine", "layer-cam", "grad-cam++")
        if not examine(predictor, answered, name).empty
    )
    found = examine(
        predictor, answered, method, full=True, progress=lambda *args: told.append(args)
    )
    assert found.checked == "full"
    assert found.curves.deletion[0] == pytest.approx(
        answered.probability[answered.target], abs=1e-5
    )
    assert set(found.similarity) == set(randomisation.CASCADE)
    assert {activity for activity, _, _ in told} == {"Deletion and insertion", "Random weights"}
    json.dumps(found.to_json())


def test_every_stage_answers_as_it_does_alone(run, answered):
    views = Stages(run).see(answered, 1, "layer-cam")
    assert [view.stage for view in views] == list(STAGES)
    for view in views:
        alone = Predictor(run, view.stage).predict(
            png(99), "new.png", explain=True, target=1, method="layer-cam"
        )
        assert view.probability == pytest.approx(alone.probability[run.positive], abs=1e-5)
        assert view.target == run.positive
        np.testing.assert_allclose(view.map, alone.map, rtol=1e-3, atol=1e-6)


@pytest.fixture
def kept(run):
    """Where features are kept, and nothing there yet."""
    path = run.stage_path("stage1") / "features.npz"
    path.unlink(missing_ok=True)
    return path


def test_features_are_computed_once_and_kept_without_pickle(run, predictor, kept):
    table = features(predictor)
    assert len(table) == len(training_scans(run.split())) == 12
    assert table.any(axis=1).all()
    with np.load(kept, allow_pickle=False) as file:
        stored = dict(file)
    np.testing.assert_array_equal(stored["features"], table)
    np.savez(kept, **stored | {"features": table + 1})
    assert (features(predictor) == table + 1).all(), "it was computed again"
    kept.write_bytes(b"damaged")
    np.testing.assert_allclose(features(predictor), table, rtol=1e-4, atol=1e-5)


def test_features_of_another_model_are_not_taken(predictor, kept):
    table = features(predictor)
    np.savez(kept, features=table + 1, model_sha256="of the stage before it was repeated")
    np.testing.assert_allclose(features(predictor), table, rtol=1e-4, atol=1e-5)
    assert str(np.load(kept)["model_sha256"]) == predictor.model_sha256


def test_scans_that_were_away_for_a_while_are_looked_at_later(run, predictor, kept, answered):
    root = Path(run.config.data.root)
    scans = training_scans(run.split())
    away = root.with_name("away")
    root.rename(away)
    try:
        assert not features(predictor).any()
        assert not kept.exists()
        assert not any(similar_cases(predictor, answered, 20).values())
    finally:
        away.rename(root)
    changed, there = root / scans["file"][0], (root / scans["file"][0]).read_bytes()
    changed.write_bytes(png(77))
    try:
        assert features(predictor).any(axis=1).tolist() == [False] + [True] * 11
        cases = similar_cases(predictor, answered, 20)
        listed = {case.file for near in cases.values() for case in near}
        assert listed == set(scans["file"][1:])
    finally:
        changed.write_bytes(there)
    told = []
    assert features(predictor, lambda *args: told.append(args)).any(axis=1).all()
    assert told == [("Looking at the training scans", 1, 1)]


def test_similar_cases_of_a_training_scan_leave_it_out_and_mark_its_copies(run, predictor):
    scans = training_scans(run.split())
    row = scans.iloc[0]
    data = (Path(run.config.data.root) / row.file).read_bytes()
    answer = predictor.predict(data, row.file)
    found = similar_cases(predictor, answer, 20)
    assert list(found) == [run.positive, run.classes[0]]
    cases = [case for near in found.values() for case in near]
    assert {case.file for case in cases} == set(scans["file"]) - {row.file}
    copies = set(scans.loc[scans["group"] == row.group, "file"]) - {row.file}
    assert {case.file for case in cases if case.near_copy} == copies != set()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("scan.png", data)
    packed = predictor.predict(buffer.getvalue(), "packed.zip")
    assert similar_cases(predictor, packed, 20) == found
    for near in found.values():
        assert [c.distance for c in near] == sorted(c.distance for c in near)
    table = features(predictor)
    expected = dict(zip(scans["file"], cosine_distances(table[0], table), strict=True))
    assert all(case.distance == pytest.approx(expected[case.file], abs=1e-4) for case in cases)


def test_another_scan_of_the_patient_is_no_near_copy(run, predictor, monkeypatch):
    """Where patients are known a group is all that is of one; looks alone tell copies then."""
    monkeypatch.setattr("core.examination.likeness", lambda *_: 0.0)
    scans = training_scans(run.split())
    known = run.config
    data = known.data.model_copy(update={"patients": Patients(pattern=r"(.)")})
    run.write_config(known.model_copy(update={"data": data}))
    try:
        row = scans.iloc[0]
        answer = predictor.predict((Path(known.data.root) / row.file).read_bytes(), row.file)
        found = similar_cases(predictor, answer, 20)
    finally:
        run.write_config(known)
    marked = {case.file for near in found.values() for case in near if case.near_copy}
    assert (scans["group"] == row.group).sum() > 1
    assert not marked


def test_copy_of_a_training_scan_under_another_name_is_marked(run, predictor):
    """The same pixels in another file, which the run does not know."""
    row = training_scans(run.split()).iloc[3]
    picture = Image.open(Path(run.config.data.root) / row.file)
    buffer = io.BytesIO()
    picture.resize((120, 144), Image.Resampling.BICUBIC).save(buffer, "PNG")
    answer = predictor.predict(buffer.getvalue(), "copy.png")
    found = similar_cases(predictor, answer, 2)
    marked = [case.file for near in found.values() for case in near if case.near_copy]
    assert row.file in marked


def test_only_an_answered_scan_can_be_examined(predictor):
    refused = predictor.predict(b"no picture", "notes.txt")
    with pytest.raises(ValueError, match="answer"):
        examine(predictor, refused)
