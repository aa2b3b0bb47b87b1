"""Work in the background of the server."""

import threading

import pytest

from core.errors import DatasetError
from dashboard.tasks import KEPT, Report, Tasks


def test_a_task_reports_and_returns():
    go, begun = threading.Event(), threading.Event()

    def work(report: Report) -> str:
        report("Reading", 3, 12)
        begun.set()
        go.wait(10)
        return "done"

    task = Tasks().start("key", work)
    assert begun.wait(10)
    assert (task.activity, task.share, task.finished) == ("Reading", 0.25, False)
    assert not task.wait(0.01)
    go.set()
    assert task.result() == "done"
    assert task.finished


def test_an_error_comes_out_where_the_result_is_asked_for():
    def work(_: Report) -> None:
        raise DatasetError("a folder", "there is none", "Choose one.")

    with pytest.raises(DatasetError):
        Tasks().start("key", work).result()


def test_the_same_key_is_done_once_until_it_is_forgotten():
    tasks, calls = Tasks(), []
    for _ in range(3):
        tasks.start("key", lambda _: calls.append(1)).result()
    assert len(calls) == 1
    tasks.forget("key")
    tasks.start("key", lambda _: calls.append(1)).result()
    assert len(calls) == 2


def test_only_the_last_results_are_kept():
    tasks = Tasks()
    for number in range(KEPT + 3):
        tasks.start(number, lambda _: None).result()
    assert tasks.find(0) is None
    assert tasks.find(KEPT + 2) is not None
