"""The pages without a browser: a workspace of their own, a small folder of scans."""

import shutil
import sys
from pathlib import Path

import pytest
import streamlit as st
from explained import save_model
from pages import Pages, draw_scans, small
from streamlit import config

from core.training.workspace import Workspace
from dashboard import keras_session, state
from dashboard.components import data_set


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace that the pages take for the user's own."""
    folder = tmp_path / "workspace"
    monkeypatch.setenv("NEUROSTAGE_WORKSPACE", str(folder))
    monkeypatch.setenv("NEUROSTAGE_OFFLINE", "1")
    # As on a page that has asked a network something. Else each rerun collects the garbage of all
    # the networks that tests of the core have left, which takes seconds.
    if "keras" in sys.modules:
        monkeypatch.setattr("keras.backend.clear_session", keras_session.left_alone)
    st.cache_data.clear()
    st.cache_resource.clear()
    # AppTest keeps how options are written in the session state, and functions inside functions
    # cannot be pickled. The journeys run with the check on.
    config.set_option("runner.enforceSerializableSessionState", False)
    return Workspace(folder)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Twelve scans of each of two classes, and one file that is none."""
    root = draw_scans(tmp_path / "scans")
    (root / "no" / "broken.png").write_bytes(b"not a picture")
    return root


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    """A folder in parts, eight, two and two scans of each class; half of test is in train too."""
    whole, parts = draw_scans(tmp_path / "whole"), tmp_path / "parts"
    chosen = {"train": range(8), "valid": (8, 9), "test": (10, 0)}
    for part, numbers in chosen.items():
        for label in ("no", "yes"):
            (parts / part / label).mkdir(parents=True)
            for number in numbers:
                name = f"p{number}_{part}.png"
                shutil.copy(whole / label / f"{number}.png", parts / part / label / name)
    return parts


@pytest.fixture(scope="session")
def stamp_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that answers at random (see `explained.save_model`)."""
    return save_model(tmp_path_factory.mktemp("model") / "model.keras")


@pytest.fixture
def pages() -> Pages:
    """The dashboard, just opened."""
    return Pages()


@pytest.fixture
def new_run(scans: Path, monkeypatch: pytest.MonkeyPatch) -> Pages:
    """The form of a new run on a small protocol."""
    monkeypatch.setattr(data_set, "PROTOCOLS", {"leakfree": small()})
    pages = Pages()
    pages.test.session_state[state.FOLDER] = str(scans)
    pages.open("train")
    pages.until(lambda page: "Train all five stages" in [button.label for button in page.button])
    return pages
