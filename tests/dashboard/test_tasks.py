"""Work in the background of the server."""

import threading
from concurrent.futures import CancelledError

import pytest

from core.errors import DatasetError
from dashboard.tasks import KEPT, Cancelled, Report, Tasks


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


def test_work_that_failed_is_begun_anew_once_its_error_has_been_told():
    tasks, go, calls = Tasks(), threading.Event(), []

    def work(_: Report) -> str:
        calls.append(1)
        if len(calls) == 1:
            go.wait(10)
            raise DatasetError("a folder", "it is out of reach", "Wait.")
        return "read"

    task = tasks.start("key", work)
    assert tasks.start("key", work) is task
    go.set()
    assert task.wait(10)
    assert tasks.start("key", work) is task  # nobody has been told yet
    with pytest.raises(DatasetError):
        task.result()
    assert tasks.find("key") is None
    assert tasks.start("key", work).result() == "read"


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


def test_a_result_that_is_looked_at_is_kept():
    tasks = Tasks()
    tasks.start("scores", lambda _: "all slices").result()
    for number in range(KEPT + 3):
        tasks.start(number, lambda _: None).result()
        assert tasks.find("scores") is not None


def test_cancelled_work_ends_at_its_next_report_and_can_be_started_anew():
    tasks, go, begun, reached = Tasks(), threading.Event(), threading.Event(), []

    def work(report: Report) -> str:
        for step in range(3):
            report("Reading", step, 3)
            reached.append(step)
            begun.set()
            go.wait(10)
        return "done"

    task = tasks.start("key", work)
    assert begun.wait(10)
    task.cancel()
    assert tasks.find("key") is None
    go.set()
    with pytest.raises(Cancelled):
        task.result()
    assert reached == [0]
    anew = tasks.start("key", work)
    assert anew is not task
    assert anew.result() == "done"
    assert tasks.find("key") is anew


def test_all_work_ends_with_what_it_was_for():
    tasks, go, begun, calls = Tasks(), threading.Event(), threading.Barrier(3), []

    def work(report: Report) -> None:
        begun.wait(10)
        go.wait(10)
        report("Reading", 1, 2)

    done = tasks.start("done", lambda _: "a scan")
    done.result()
    under_way = [tasks.start(number, work) for number in range(2)]
    waiting = tasks.start("waiting", lambda _: calls.append(1))
    begun.wait(10)  # both are at work
    tasks.end()
    go.set()
    for task in under_way:
        with pytest.raises(Cancelled):
            task.result()
    with pytest.raises(CancelledError):
        waiting.result()
    assert not calls
    assert all(tasks.find(key) is None for key in ("done", 0, 1, "waiting"))
    assert tasks.start("done", lambda _: "anew").result() == "anew"


def test_work_that_is_cancelled_before_its_turn_never_begins():
    tasks, go, calls = Tasks(), threading.Event(), []
    busy = [tasks.start(number, lambda _: go.wait(10)) for number in range(2)]
    waiting = tasks.start("key", lambda _: calls.append(1))
    waiting.cancel()
    go.set()
    for task in busy:
        task.result()
    tasks.start("last", lambda _: None).result()
    assert not calls
