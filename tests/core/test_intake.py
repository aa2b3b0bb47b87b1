"""What the network is to see of a file, and what is to be borne in mind of it."""

import io
import zipfile

import numpy as np
import pytest
from made_dicom import header, written
from trained import draw_head, originals, png, train

from core.prediction import Predictor


@pytest.fixture(scope="module")
def cropped_run(tmp_path_factory):
    """Trained on heads without a margin."""
    return train(tmp_path_factory.mktemp("cropped"), margin=-2, stages=("baseline",))


def zipped(*files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number, file in enumerate(files):
            archive.writestr(f"{number}.png", file)
    return data.getvalue()


def test_a_scan_that_no_crop_was_found_of_is_told_of(predictor):
    dark = np.zeros((100, 100), np.uint8)
    answer = predictor.predict(png(dark), "dark.png", override=True)
    assert answer.to_json("grad-cam")["cautions"][0].startswith("Taken whole, not cropped")


@pytest.mark.parametrize(("said", "warned"), [("YES", 1), ("NO", 0), (None, 0)])
def test_a_file_that_says_that_it_bears_writing_is_warned_of(predictor, said, warned):
    picture = draw_head(np.random.default_rng(99), lesion=True)
    told = {"BurnedInAnnotation": said} if said else {}
    answer = predictor.predict(written(header(picture, **told)), "head.dcm")
    assert len(answer.cautions) == warned
    assert answer.scan.tags.get("BurnedInAnnotation") == said


def test_scans_of_the_run_are_known_in_an_archive_as_well(run, predictor, head):
    part = run.split().drop_duplicates("file").set_index("file")["split"]
    files = {part[name]: data for name, data, _ in originals(run, "stage1")}
    order = ("train", "test", "validation")
    answers = list(
        predictor.predict_slices(zipped(*(files[name] for name in order), head), "series.zip")
    )
    assert [answer.trained_on for answer in answers] == [True, False, False, False]
    (alone,) = predictor.predict_slices(zipped(files["train"]), "one.zip")
    assert alone.trained_on
    tested = predictor.predict(files["test"], "test.png")
    assert answers[1].precedents == tested.precedents, "its group is left out either way"


def test_a_damaged_slice_in_the_middle_costs_no_other_its_answer(predictor, head):
    data = zipped(head, head[:-40], head)
    answers = list(predictor.predict_slices(data, "series.zip"))
    assert [answer.status for answer in answers] == ["ok", "unreadable", "ok"]
    assert [answer.slice for answer in answers] == [0, 1, 2]
    assert answers[1].reason == "slice 1 of 0 to 2: the PNG picture is damaged"
    assert predictor.predict(data, "series.zip", 2).status == "ok"
    assert predictor.predict(data, "series.zip").reason == answers[1].reason


def test_archive_of_the_run_s_own_cropped_scans_is_cropped_no_further(cropped_run):
    predictor = Predictor(cropped_run, "baseline")
    _, files, recorded = zip(*originals(cropped_run, "baseline"), strict=True)
    answers = list(predictor.predict_slices(zipped(*files[:6]), "series.zip"))
    found = [answer.probability["yes"] for answer in answers]
    assert found == pytest.approx(list(recorded[:6]), abs=1e-5)


def test_where_training_met_cropped_scans_only_others_are_cropped(cropped_run):
    assert cropped_run.config.data.already_cropped
    predictor = Predictor(cropped_run, "baseline")
    for name, data, recorded in originals(cropped_run, "baseline"):
        answer = predictor.predict(data, name)
        assert answer.prepared.box.area == answer.scan.pixels[..., 0].size
        assert answer.probability["yes"] == pytest.approx(recorded, abs=1e-5)
    with_margin = predictor.predict(png(draw_head(np.random.default_rng(4), True, 20)), "x.png")
    assert with_margin.prepared.box.area < 0.6 * 120 * 120


def test_scans_that_were_trained_on_are_marked(run, predictor, head):
    split = run.split()
    trained = set(split.loc[(split["split"] == "train") & (split["view"] == 0), "file"])
    for name, data, _ in originals(run, "stage1"):
        answer = predictor.predict(data, name)
        assert answer.trained_on == answer.to_json("grad-cam")["trained_on"] == (name in trained)
        assert any("memory, not skill" in said for said in answer.cautions) == answer.trained_on
    assert not predictor.predict(head, "head.png").trained_on
