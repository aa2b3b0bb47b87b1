"""Calls counted by model; superseded ones are not, unsure ones are in no cell."""

import pytest

from core.readings.log import Reading
from core.readings.tally import disagreements, tally


def reading(number: int, label: str, call: str, **more: object) -> Reading:
    record = {
        "scan_sha256": f"scan{number}",
        "slice": 0,
        "run": "made",
        "stage": "final",
        "model_sha256": "m",
        "positive": "tumour",
        "label": label,
        "probability": 0.5,
        "trained_on": False,
        "time": "2026-01-01T00:00:00+00:00",
        "call": call,
        "note": "",
        "previous": "",
        "hash": f"{number}-{call}",
    }
    return Reading.model_validate(record | more)


def test_table_is_reader_by_network():
    calls = [(("tumour", "agree"), 7), (("tumour", "disagree"), 3), (("healthy", "agree"), 4)]
    calls += [(("healthy", "disagree"), 2), (("tumour", "unsure"), 5)]
    given = [kind for kind, times in calls for _ in range(times)]
    (found,) = tally([reading(i, *kind) for i, kind in enumerate(given)])
    assert found.table == [[4, 3], [2, 7]]
    assert (found.readings, found.agree, found.disagree, found.unsure) == (21, 11, 5, 5)
    assert found.agreement == pytest.approx(11 / 16)
    assert found.agreement_interval[0] < 11 / 16 < found.agreement_interval[1]
    # By hand: observed 11/16, by chance (7 * 6 + 9 * 10) / 256.
    chance = 132 / 256
    assert found.kappa == pytest.approx((11 / 16 - chance) / (1 - chance))


def test_each_model_is_counted_by_itself_and_the_last_call_holds():
    readings = [
        reading(1, "tumour", "agree"),
        reading(1, "tumour", "agree", model_sha256="n", trained_on=True, hash="x"),
        reading(1, "tumour", "disagree"),
    ]
    first, second = tally(readings)
    assert (first.agree, first.disagree, first.trained_on) == (0, 1, 0)
    assert (second.agree, second.disagree, second.trained_on) == (1, 0, 1)
    assert second.kappa is None
    assert disagreements(readings) == [readings[2]]


def test_a_model_is_one_whatever_its_run_is_called():
    readings = [
        reading(1, "tumour", "agree"),
        reading(2, "tumour", "disagree", run="renamed"),
    ]
    (found,) = tally(readings)
    assert (found.run, found.readings) == ("renamed", 2)


def test_other_planes_and_volumes_are_other_pictures_and_answers_on_demand_are_counted():
    readings = [
        reading(1, "tumour", "agree"),
        reading(1, "tumour", "agree", plane="coronal", overridden=True, hash="x"),
        reading(1, "tumour", "disagree", volume=1),
    ]
    (found,) = tally(readings)
    assert (found.readings, found.agree, found.disagree, found.overridden) == (3, 2, 1, 1)


def test_nothing_but_doubt_has_no_agreement():
    (found,) = tally([reading(1, "tumour", "unsure")])
    assert (found.agreement, found.agreement_interval, found.kappa) == (None, None, None)
