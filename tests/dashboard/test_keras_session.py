"""Reruns of Streamlit leave Keras alone, and what works in the background with it."""

import keras
import pytest
from streamlit.runtime.scriptrunner import script_runner

from dashboard import keras_session


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.backend, "clear_session", keras.utils.clear_session)


def next_name() -> str:
    return str(keras.layers.Dense(1).name)


def test_streamlit_clears_keras_after_each_rerun_unless_told_not_to() -> None:
    next_name()
    script_runner._clean_problem_modules()

    assert next_name() == "dense"  # counted from the start: the session was cleared


def test_a_rerun_clears_nothing_of_keras() -> None:
    keras_session.keep()
    before = next_name()
    script_runner._clean_problem_modules()

    assert next_name() not in (before, "dense")


def test_keras_is_still_cleared_for_who_means_it() -> None:
    keras_session.keep()
    next_name()
    keras.utils.clear_session()

    assert next_name() == "dense"
