"""What holds of all answers: how a stage was trained, calibrated and is called at."""

import numpy as np
import pytest
from made_answers import Reader, answered, batch, report_on, rows_of, text_of
from made_run import NEGATIVE, POSITIVE, make_run, pictures, predictions

from core.errors import RunError, SettingError
from core.evaluation.calibration import fit_temperature, with_temperature
from core.reporting.answers import asked_of, document


def test_probability_is_calibrated_by_the_temperature_of_validation(run, asked):
    table = run.predictions("stage1")
    temperature = fit_temperature(table[table["split"] == "validation"], POSITIVE)
    assert asked.temperature == temperature
    p = table["probability"].iloc[0]
    (entry,) = report_on(asked, answered("one.png", p)).entries
    assert entry.probability == p
    assert entry.calibrated == with_temperature(table, temperature)["probability"].iloc[0]
    assert f"{temperature:.2f}" in asked.calibration
    assert f"{asked.fitted_on} validation pictures" in asked.calibration


def test_without_both_classes_in_validation_there_is_no_calibration(tmp_path):
    split = pictures()
    split.loc[split["split"] == "validation", "label"] = POSITIVE
    asked = asked_of(
        make_run(tmp_path, {"baseline": predictions(split, 1.0, 1)}, split), "baseline"
    )
    assert asked.temperature is None
    report = report_on(asked, *batch())
    assert rows_of(document(report, "csv"))[0]["probability_calibrated"] == ""
    for page in (Reader(document(report, "html")).text, text_of(document(report, "pdf"))):
        assert "Not calibrated" in page
        assert "Calibrated by one" not in page


def test_call_at_an_operating_point_is_by_its_threshold(asked):
    threshold = asked.operating.threshold
    found = [answered("at.png", threshold), answered("below.png", np.nextafter(threshold, 0))]
    rows = rows_of(document(report_on(asked, *found), "csv"))
    assert [row["call_at_operating_point"] for row in rows] == [POSITIVE, NEGATIVE]
    assert float(rows[0]["operating_threshold"]) == threshold
    assert rows[0]["operating_sensitivity"] == "0.9"


def test_stage_that_is_not_finished_and_impossible_sensitivity_are_refused(run):
    with pytest.raises(RunError, match="final"):
        asked_of(run, "final")
    with pytest.raises(SettingError, match="95 was given"):
        asked_of(run, "stage1", sensitivity=95)
