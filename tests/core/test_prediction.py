"""From bytes to an answer, on a run that was really trained."""

import json
import logging
import shutil
import zipfile

import nibabel
import numpy as np
import pytest
from trained import draw_head, originals, png

from core.errors import RunError, SettingError
from core.evaluation.verification import predict_again
from core.model.typicality import LAYER, Typicality
from core.prediction import Predictor
from core.training.runs import Run


@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("stage", ["baseline", "stage1"])
def test_answers_are_those_in_the_runs_predictions(run, stage, explain):
    names, files, recorded = zip(*originals(run, stage), strict=True)
    answers = list(
        Predictor(run, stage).predict_many(zip(files, names, strict=True), explain=explain)
    )
    assert [answer.file for answer in answers] == list(names)
    assert {answer.status for answer in answers} == {"ok"}
    found = [answer.probability["yes"] for answer in answers]
    np.testing.assert_allclose(found, recorded, atol=1e-5)
    assert np.ptp(found) > 1e-3, "the network gives every picture the same answer"
    for answer in answers:
        assert list(answer.probability) == ["no", "yes"]
        assert sum(answer.probability.values()) == pytest.approx(1, abs=1e-6)
        assert answer.label == ("yes" if answer.probability["yes"] >= 0.5 else "no")


def test_an_explained_answer_has_a_map_over_the_scan(predictor, head):
    answer = predictor.predict(head, "head.png", explain=True)
    assert answer.map.shape == answer.scan.pixels.shape[:2] == (112, 112)
    assert answer.map.dtype == np.float32
    assert answer.target == answer.label
    assert answer.map_maximum >= answer.map.max()
    box = answer.prepared.box
    assert (box.width, box.height) != (112, 112)
    outside = answer.map.copy()
    box.cut(outside)[...] = 0
    assert not outside.any()


def test_the_map_is_of_the_class_asked_for(predictor, head):
    maps = [predictor.predict(head, "head.png", explain=True, target=target) for target in (0, 1)]
    assert [answer.target for answer in maps] == ["no", "yes"]
    assert maps[0].label == maps[1].label
    assert (maps[0].map != maps[1].map).any()


def test_the_map_is_made_by_the_method_asked_for(predictor, head):
    usual = predictor.predict(head, "head.png", explain=True, target=1)
    other = predictor.predict(head, "head.png", explain=True, target=1, method="layer-cam")
    (together,) = predictor.predict_many(
        [(head, "head.png")], explain=True, target=1, method="layer-cam"
    )
    assert (usual.map != other.map).any()
    np.testing.assert_allclose(together.map, other.map, rtol=1e-5)


def test_a_plain_answer_has_no_map(predictor, head):
    answer = predictor.predict(head, "head.png")
    assert answer.status == "ok"
    assert answer.map is None
    assert answer.target is None


def test_many_files_keep_their_order_whatever_they_are(predictor, head):
    blank = png(np.zeros((100, 100), np.uint8))
    files = [(b"no picture", "a.txt"), (head, "b"), (blank, "c.png"), (head, "d"), (b"", "e.dcm")]
    answers = list(predictor.predict_many(files, explain=True, batch_size=2))
    assert [answer.file for answer in answers] == ["a.txt", "b", "c.png", "d", "e.dcm"]
    assert [a.status for a in answers] == ["unreadable", "ok", "refused", "ok", "unreadable"]
    alone = predictor.predict(head, "b", explain=True)
    for answer in (answers[1], answers[3]):
        assert answer.probability["yes"] == pytest.approx(alone.probability["yes"], abs=1e-5)
    assert answers[0].reason
    assert answers[2].reason.startswith("Blank")
    assert answers[2].scan is not None
    assert answers[2].probability is None


def test_files_are_taken_only_as_they_are_needed(predictor, head):
    taken = []

    def files():
        for name in "abcdef":
            taken.append(name)
            yield head, name

    next(predictor.predict_many(files(), batch_size=2))
    assert taken == ["a", "b"]


def test_precedents_are_test_scans_but_for_the_scan_itself(run, predictor, head):
    table = run.predictions("stage1").merge(run.split()[["file", "view", "sha256"]])
    test = table[table["split"] == "test"]
    by_call = {said: test[(test["probability"] >= 0.5) == said] for said in (False, True)}

    stranger = predictor.predict(head, "head.png")
    alike = by_call[stranger.label == "yes"]
    assert stranger.precedents.n == len(alike)
    assert stranger.precedents.right == (alike["label"] == stranger.label).sum()
    parts = dict(zip(table["file"], table["split"], strict=True))
    held_out, seen = 0, 0
    for name, data, p in originals(run, "stage1"):
        found = predictor.predict(data, name).precedents
        part = parts[name]
        alike = by_call[p >= 0.5]
        if part == "train":
            assert found is None
            seen += 1
        else:
            others = len(alike) - (part == "test")
            assert (found.n if found else 0) == others
            held_out += 1
    assert held_out
    assert seen
    blank = png(np.zeros((100, 100), np.uint8))
    assert predictor.predict(blank, "blank.png", override=True).precedents is None


def test_the_record_is_json_as_documented(predictor, head):
    ok = predictor.predict(head, "head.png").to_json("grad-cam", "maps/head.png")
    bad = predictor.predict(b"nothing", "bad.dcm").to_json("grad-cam")
    keys = [
        *("file", "status", "label", "probability", "precedents", "reason", "map"),
        *("overridden", "distance", "trained_on", "cautions", "slice", "slices", "plane"),
        *("volume", "volumes", "window", "explained", "method", "map_maximum"),
        *("evidence", "stages", "similar"),
    ]
    assert list(ok) == list(bad) == keys
    assert json.loads(json.dumps([ok, bad])) == [ok, bad]
    assert ok["map"] == "maps/head.png"
    assert ok["reason"] is None
    assert bad["probability"] is None
    assert bad["status"] == "unreadable"


def test_a_volume_answers_for_the_slice_asked_for(predictor, shared):
    data = (shared / "formats" / "TCGA_DU_5872_19950223_flair.nii.gz").read_bytes()
    middle = predictor.predict(data, "flair.nii.gz")
    third = predictor.predict(data, "flair.nii.gz", middle.scan.slices // 3)
    assert middle.scan.slice == middle.scan.slices // 2
    assert third.scan.slice == middle.scan.slices // 3
    assert third.probability != middle.probability
    with pytest.raises(SettingError, match="slice"):
        predictor.predict(data, "flair.nii.gz", 9999)


def test_every_slice_is_answered_as_it_would_be_alone(predictor):
    rng = np.random.default_rng(5)
    volume = np.stack([draw_head(rng, lesion=k == 2).T for k in range(5)], axis=-1)
    volume[..., 4] = 0
    data = nibabel.Nifti1Image(volume.astype(np.int16), np.eye(4)).to_bytes()
    told = []
    answers = list(
        predictor.predict_slices(data, "v.nii", batch_size=2, progress=lambda *n: told.append(n))
    )
    assert [answer.slice for answer in answers] == [0, 1, 2, 3, 4]
    assert [answer.status for answer in answers] == ["ok"] * 4 + ["refused"]
    assert told[-1] == (5, 5)
    alone = predictor.predict(data, "v.nii", 2)
    assert answers[2].probability["yes"] == pytest.approx(alone.probability["yes"], abs=1e-5)
    (unread,) = predictor.predict_slices(b"nothing", "v.nii")
    assert unread.status == "unreadable"


def test_a_refusal_can_be_overridden_and_the_answer_says_so(predictor):
    blank = png(np.zeros((100, 100), np.uint8))
    refused = predictor.predict(blank, "c.png", explain=True)
    assert (refused.status, refused.overridden, refused.map) == ("refused", False, None)
    answer = predictor.predict(blank, "c.png", explain=True, override=True)
    assert (answer.status, answer.overridden) == ("ok", True)
    assert answer.reason == refused.reason
    assert answer.probability is not None
    assert answer.map is not None
    assert answer.to_json("grad-cam")["overridden"] is True


def test_what_is_unlike_the_training_scans_is_refused(run, monkeypatch, head):
    """As a run of few scans has no limit of its own, one is set."""
    predictor = Predictor(run, "stage1")
    assert predictor.typicality is None
    assert predictor.predict(head, "a").distance is None
    size = predictor.model.get_layer(LAYER).output.shape[-1]
    limit = Typicality(np.zeros(size), np.eye(size), 0.5, 30, "")
    monkeypatch.setitem(predictor.__dict__, "typicality", limit)
    refused = predictor.predict(head, "a")
    assert refused.distance == pytest.approx(2)  # features have length 1
    assert refused.status == "refused"
    assert "2.00 times as far" in refused.reason
    assert predictor.predict(head, "a", override=True).overridden


def test_an_explained_answer_takes_one_pass_through_the_network(predictor, head, monkeypatch):
    plain = predictor.predict(head, "a")

    def again(*_):
        raise AssertionError("the network was asked a second time")

    monkeypatch.setattr(Predictor, "_see", again)
    monkeypatch.setattr(predictor.model, "predict_on_batch", again)
    explained = predictor.predict(head, "a", explain=True)
    assert explained.probability["yes"] == pytest.approx(plain.probability["yes"], abs=1e-5)


def test_a_batch_keeps_its_maps_apart_where_one_of_it_is_refused_for_its_distance(
    predictor, monkeypatch
):
    rng = np.random.default_rng(8)
    heads = [draw_head(rng, lesion=True) for _ in range(2)]
    noise = rng.integers(60, 200, (112, 112)).astype(np.uint8)
    files = [(png(picture), str(n)) for n, picture in enumerate((heads[0], noise, heads[1]))]
    seen = predictor.model.get_layer(LAYER).output.shape[-1]
    monkeypatch.setitem(predictor.__dict__, "typicality", Typicality(0, np.eye(seen), 1, 30, ""))
    monkeypatch.setattr("core.intake.judge", lambda _: None)
    reasons = iter([None, "Far from the training scans.", None])
    monkeypatch.setattr("core.prediction.judge_distance", lambda _: next(reasons))

    answers = list(predictor.predict_many(files, explain=True, target=1))

    assert [answer.status for answer in answers] == ["ok", "refused", "ok"]
    monkeypatch.undo()
    for answer, (data, name) in zip(answers[::2], files[::2], strict=True):
        alone = predictor.predict(data, name, explain=True, target=1, override=True)
        np.testing.assert_allclose(answer.map, alone.map, atol=1e-5 * alone.map.max() + 1e-9)
        assert answer.probability["yes"] == pytest.approx(alone.probability["yes"], abs=1e-5)


def test_every_file_of_the_format_collection_gets_an_answer(predictor, shared):
    files = sorted((shared / "formats").iterdir())
    answers = list(predictor.predict_many(((f.read_bytes(), f.name) for f in files), explain=True))
    for answer in answers:
        assert (answer.status == "ok") == (answer.map is not None)
        assert (answer.status == "ok") == (answer.reason is None)
    assert {a.file for a in answers if a.status == "ok"} >= {
        "brain_005.dcm",
        "brain_explicit_big.dcm",
        "TCGA_DU_5872_19950223_flair.nii.gz",
    }


def test_file_names_are_not_logged(predictor, head, caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        predictor.predict(head, "Jane_Doe_1950.png", explain=True)
        predictor.predict(b"nothing", "Jane_Doe_1950.png")
    assert "Jane" not in caplog.text + "".join(capfd.readouterr())


def test_an_unfinished_stage_is_refused(run):
    with pytest.raises(RunError, match="final"):
        Predictor(run, "final")


@pytest.mark.parametrize("damage", ["missing", "cut short", "another file", "a member"])
def test_a_damaged_model_is_refused(run, tmp_path, damage):
    copy = Run(tmp_path / "copy")
    shutil.copytree(run.path, copy.path)
    path = copy.model_path("baseline")
    if damage == "missing":
        path.unlink()
    elif damage == "a member":
        without(path, "config.json")
    else:
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] if damage == "cut short" else b"not a model")
    with pytest.raises(RunError, match="damaged"):
        Predictor(copy, "baseline")
    with pytest.raises(RunError, match="damaged"):
        predict_again(copy, ["baseline"], lambda *_: None)


def without(archive, member):
    """The same ZIP archive without one of its members."""
    with zipfile.ZipFile(archive) as whole:
        kept = {name: whole.read(name) for name in whole.namelist() if name != member}
    with zipfile.ZipFile(archive, "w") as rest:
        for name, data in kept.items():
            rest.writestr(name, data)
