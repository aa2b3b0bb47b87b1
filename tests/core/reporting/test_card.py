"""The model card: filled in from the run alone, the same at any time, honest about gaps."""

import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from made_run import POSITIVE, add_baselines, make_run

from core.cli import main
from core.data.patients import Patients
from core.errors import RunError
from core.evaluation.comparison import compare
from core.evaluation.operating import operating_point
from core.evaluation.parts import part_views
from core.model.weights import file_sha256
from core.reporting.card import ModelCard, as_html, as_json, as_markdown, card_of
from core.reporting.claim import TOPICS
from core.training.runs import Run, RunWeights


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    made = make_run(tmp_path_factory.mktemp("secret-place"), [0.5, 1.0])
    weights = RunWeights(source="keras", sha256="abc")
    made.write_config(made.config.model_copy(update={"weights": weights}))
    return made


@pytest.fixture(scope="module")
def card(run: Run) -> ModelCard:
    return card_of(run)


def leaky(tmp_path: Path) -> Run:
    made = make_run(tmp_path, [0.5])
    made.write_split(made.split().assign(group="one"))
    return made


def test_same_run_gives_the_same_card_byte_for_byte(run, card):
    again = card_of(Run(run.path))
    for document in (as_html, as_markdown, as_json):
        assert document(again) == document(card)


def test_figures_are_those_of_the_comparison(run, card):
    comparison = compare(run)
    assert card.comparison == comparison
    for stage in comparison.stages:
        low, high = stage.test.intervals["accuracy"]
        shown = f"{100 * stage.test.accuracy:.1f} % ({100 * low:.1f}–{100 * high:.1f})"
        assert shown in as_html(card)
        assert shown in as_markdown(card)


def test_counts_and_hashes_are_those_of_the_files(run, card):
    split = run.split()
    for part in card.data.parts:
        rows = split[split["split"] == part.part]
        assert part.pictures == len(rows)
        assert part.scans == (rows["view"] == 0).sum() == sum(part.classes.values())
    assert card.split_sha256 == file_sha256(run.path / "split.csv")
    assert [stage.model_sha256 for stage in card.stages] == ["sha-baseline", "sha-stage1"]
    assert card.versions == run.config.versions


def test_a_scan_whose_views_lie_in_several_parts_is_counted_once(tmp_path):
    """As the report's protocol deals them out: views, not scans."""
    made = make_run(tmp_path, [0.5])
    split = made.split()
    parts = split["view"].map({0: "train", 1: "validation", 2: "test"})
    split = split[split["file"].str.startswith("train/")].assign(split=parts)
    split = split[(split["view"] < 2) | (split["label"] == POSITIVE) | (split.index % 2 == 0)]
    made.write_split(split)
    found = card_of(made)
    assert found.data.scans == split["file"].nunique() == 120
    test = split[split["split"] == "test"]
    assert found.data.parts[2].pictures == found.data.parts[2].scans == len(test)
    share = (test["label"] == POSITIVE).mean()
    assert f"{POSITIVE} is {100 * share:.1f} % of the test part" in " ".join(found.limits)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_json_is_json_whatever_a_terminal_can_write(run, encoding):
    said = subprocess.run(
        [
            sys.executable,
            "-m",
            "core",
            "card",
            run.name,
            "--workspace",
            run.path.parents[1],
            "--json",
        ],
        cwd=Path(__file__).resolve().parents[3],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    assert json.loads(said.stdout.decode()) == json.loads(as_json(card_of(run)))


@pytest.mark.parametrize("document", [as_html, as_markdown, as_json])
def test_the_folder_is_named_and_the_way_to_it_is_not(card, document):
    assert "secret-place" not in document(card)
    assert "scans" in document(card)


def test_html_needs_no_other_file(card):
    page = as_html(card)
    assert not re.search(r"<(script|link|img|iframe)|src=|href=|url\(|@import", page)
    assert page.count("<table") == page.count("</table>")


def test_html_and_markdown_say_the_same(card):
    words = [*card.limits, *card.intended_use, card.disjoint, card.training]
    words += [card.baselines, *card.threshold]
    words += [text for i in card.checklist for text in (i.topic, i.answer, i.to_add) if text]
    page, text = unescape(as_html(card)), as_markdown(card).replace("\\", "")
    assert not [sentence for sentence in words if sentence not in page or sentence not in text]


def test_checklist_has_all_44_items_in_order_each_with_what_it_needs(card):
    assert [topic.number for topic in TOPICS] == list(range(1, 45))
    assert [item.number for item in card.checklist] == list(range(1, 45))
    for item in card.checklist:
        assert bool(item.answer) == (item.status != "open")
        assert bool(item.to_add) == (item.status != "answered")
    order = [int(n) for n in re.findall(r"<tr><th>(\d+)\. ", as_html(card))]
    assert order == list(range(1, 45))
    # What no run can know is never claimed: external data, registration, funding, acquisition.
    assert {item.number for item in card.items("open")} >= {2, 4, 5, 11, 13, 16, 18, 33, 34, 44}


def test_small_unknown_and_unvalidated_are_said(card):
    said = " ".join(card.limits)
    assert "No external validation" in said
    assert "30 independent groups" in said
    assert "of one patient was not known" in said


@pytest.mark.parametrize(
    ("known", "status", "limit"),
    [
        (1.0, "answered", None),
        (0.25, "in part", "was known of 25.0 % of them"),
        (None, "in part", "was known of some of them"),
    ],
)
def test_patients_are_known_only_where_all_are(tmp_path, known, status, limit):
    run = make_run(tmp_path, [0.5])
    told = {"patients": Patients(pattern=r"p(\d)"), "patients_known": known}
    data = run.config.data.model_copy(update=told)
    run.write_config(run.config.model_copy(update={"data": data}))
    found = card_of(run)
    answers = {item.number: item for item in found.checklist}
    assert answers[20].status == status
    said = " ".join(found.limits)
    assert (limit in said) if limit else ("of one patient" not in said)


def test_a_leak_comes_first_and_everywhere(tmp_path):
    found = card_of(leaky(tmp_path))
    mark = found.comparison.mark
    assert mark.startswith("Leaky")
    assert found.limits[0].startswith(mark)
    answers = {item.number: item for item in found.checklist}
    assert all(mark in answers[number].answer for number in (20, 32, 37, 38, 40))
    assert answers[20].status == "in part"
    for document in (unescape(as_html(found)), as_markdown(found)):
        assert document.index(mark) < document.index("Intended use")


def test_without_baselines_that_is_said(card):
    assert card.baselines == "No simple baselines were fitted beside the network."


def test_baselines_stand_beside_the_stages_and_what_does_not_beat_them_is_a_limit(tmp_path):
    weak = card_of(add_baselines(make_run(tmp_path, [0.5]), {"majority": 0, "features": 2.0}))
    for document in (as_html(weak), as_markdown(weak)):
        for baseline in weak.comparison.baselines:
            for result in (baseline.validation, baseline.test):
                row = next(
                    line
                    for line in document.splitlines()
                    if f"{baseline.title}, simple baseline" in line
                    and f"{100 * result.accuracy:.1f} %" in line
                )
                assert f"{result.loss:.3f}" in row
    beats = weak.comparison.stages[0].beats
    assert beats.verdict == "does not beat"
    assert beats.words in weak.limits
    assert beats.words in weak.checklist[36].answer


def test_what_beats_the_baselines_has_no_such_limit(tmp_path):
    strong = card_of(add_baselines(make_run(tmp_path, [3.0]), {"majority": 0}))
    assert strong.comparison.stages[0].beats.verdict == "beats"
    assert strong.baselines == strong.comparison.stages[0].beats.words
    assert strong.baselines not in strong.limits


def test_operating_point_is_that_of_the_stage_to_keep_at_the_prevalence_of_test(run, card):
    parts = part_views(run, run.predictions(card.kept.name))
    expected = operating_point(
        parts["validation"], parts["test"], prevalence=parts["test"].truth.mean()
    )
    assert card.operating == expected
    assert f"{100 * expected.threshold:.1f} %" in card.threshold[0]
    assert f"{100 * expected.positive_predictive_value.value:.1f} %" in " ".join(card.threshold)
    assert expected.caution in card.threshold
    assert card.threshold[0] in card.checklist[37].answer


def test_names_are_text_and_never_markup(card):
    wild = "<b>a|b</b>_*"
    data = card.data.model_copy(update={"folder": wild})
    found = card.model_copy(update={"data": data})
    assert "<b>a|b" not in as_html(found).replace("<b>&lt;", "")
    assert "\\<b\\>a\\|b\\</b\\>\\_\\*" in as_markdown(found)


def test_without_a_finished_stage_there_is_no_card(tmp_path):
    with pytest.raises(RunError, match="finished stage"):
        card_of(_unfinished(tmp_path))


def _unfinished(tmp_path: Path) -> Run:
    made = make_run(tmp_path, [0.5])
    (made.stage_path("baseline") / "metrics.json").unlink()
    return made


def test_command_writes_and_prints(run, card, tmp_path, capsys):
    where = ["--workspace", str(run.path.parents[1])]
    files = ["--html", str(tmp_path / "a.html"), "--markdown", str(tmp_path / "a.md")]
    assert main(["card", "made", *where, *files]) == 0
    assert (tmp_path / "a.html").read_text() == as_html(card)
    assert (tmp_path / "a.md").read_text() == as_markdown(card)
    assert capsys.readouterr().out == ""
    assert main(["card", "made", *where, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(as_json(card))
    assert main(["card", "made", *where]) == 0
    assert capsys.readouterr().out == as_markdown(card)
