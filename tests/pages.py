"""The dashboard without a browser, and small folders of scans for it."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.config import Head, Protocol
from core.protocols import LEAKFREE

APP = Path(__file__).resolve().parents[1] / "dashboard" / "app.py"


def draw_scans(root: Path, classes: tuple[str, str] = ("no", "yes"), each: int = 12) -> Path:
    """Write noisy heads, those of the second class with a bright spot; returns `root`."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:96, :96]
    for label in classes:
        (root / label).mkdir(parents=True)
        for number in range(each):
            # Different enough for no two to be near copies of one another.
            fine = rng.integers(50, 190, (28, 28)).astype(np.uint8)
            texture = np.asarray(Image.fromarray(fine).resize((96, 96), Image.Resampling.BICUBIC))
            picture = np.where(((x - 48) / 34) ** 2 + ((y - 48) / 42) ** 2 < 1, texture, 0)
            if label == classes[1]:
                row, column = rng.integers(30, 55, 2)
                picture[row : row + 10, column : column + 10] = 250
            Image.fromarray(picture.astype(np.uint8)).save(root / label / f"{number}.png")
    return root


def small(**changes: object) -> Protocol:
    """The leak-free protocol on pictures of 32 pixels, two epochs a stage."""
    protocol = LEAKFREE.model_copy(
        update={
            "input": LEAKFREE.input.model_copy(update={"size": 32}),
            "head": Head(units=(16, 8)),
            "augmentation": LEAKFREE.augmentation.model_copy(
                update={"positive_views": 1, "negative_views": 1}
            ),
        }
        | changes
    )
    for stage in protocol.stages:
        protocol = protocol.with_stage(stage.name, epochs=2)
    return protocol


class Pages:
    """A session in a browser that has no screen."""

    def __init__(self) -> None:
        self.test = AppTest.from_file(str(APP), default_timeout=60)
        self.test.run()

    def open(self, view: str) -> AppTest:
        """Go to a page by the name of its view."""
        self.test.switch_page(f"views/{view}.py").run()
        return self.test

    def until(self, found: Callable[[AppTest], object], seconds: float = 60) -> AppTest:
        """Run the page again and again, as its polling would, until something is found."""
        end = time.monotonic() + seconds
        while not found(self.test):
            assert time.monotonic() < end, f"waited in vain; shown: {texts(self.test)}"
            time.sleep(0.2)
            self.test.run()
        return self.test


def texts(page: AppTest) -> str:
    """Every text on a page, for looking something up in it."""
    kinds = ("title", "header", "subheader", "caption", "markdown", "info", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in page.get(kind))


def spied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows with every table that is read or written from now on."""
    asked: list[str] = []
    for owner, name in ((pd, "read_csv"), (pd.DataFrame, "to_csv")):
        do = getattr(owner, name)

        def also(*args, do=do, name=name, **kwargs):
            asked.append(name)
            return do(*args, **kwargs)

        monkeypatch.setattr(owner, name, also)
    return asked
