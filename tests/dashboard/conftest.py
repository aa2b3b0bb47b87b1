"""The pages without a browser: a workspace of their own, a small folder of scans."""

import shutil
from pathlib import Path

import pytest
import streamlit as st
from pages import Pages, draw_scans
from streamlit import config

from core.training.runs import Workspace


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace that the pages take for the user's own."""
    folder = tmp_path / "workspace"
    monkeypatch.setenv("NEUROSTAGE_WORKSPACE", str(folder))
    monkeypatch.setenv("NEUROSTAGE_OFFLINE", "1")
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


@pytest.fixture
def pages() -> Pages:
    """The dashboard, just opened."""
    return Pages()
