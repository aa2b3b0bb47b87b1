"""A run that can be asked on the Explain page, and files to drop there."""

import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

import nibabel
import numpy as np
from made_run import make_run
from pages import Pages, texts
from PIL import Image
from streamlit.testing.v1 import AppTest, local_script_runner
from streamlit.testing.v1.element_tree import Slider

from core.config import Head, Input, Protocol
from core.model.weights import Weights, file_sha256
from core.protocols import LEAKFREE
from core.training.runs import Run
from core.training.workspace import Workspace
from dashboard import state
from dashboard.tray import from_run

SESSION = "test session id"
"""Of every page without a browser."""

SAMPLE = "test/000.png"
"""A test scan of the run."""


def save_model(path: Path) -> Path:
    """VGG19 from random values, for stamps of 48 pixels."""
    from core.model.vgg19 import build_model

    build_model(small(LEAKFREE), Weights("random")).save(path)
    return path


def small(protocol: Protocol) -> Protocol:
    """The same protocol for stamps."""
    return protocol.model_copy(
        update={"input": Input(size=48, scaling="imagenet"), "head": Head(units=(8, 4))}
    )


def explainable(workspace: Workspace, model: Path) -> Run:
    """One finished stage with a real network, and the scans of its split."""
    made = make_run(workspace.path, (1.0,))
    config = made.config
    made.write_config(config.model_copy(update={"protocol": small(config.protocol)}))
    made.model_path("baseline").symlink_to(model)
    metrics = made.stage_path("baseline") / "metrics.json"
    record = json.loads(metrics.read_text()) | {"model_sha256": file_sha256(model)}
    metrics.write_text(json.dumps(record))
    split = made.split()
    root = Path(config.data.root)
    for file in split["file"].unique():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(png(int(hashlib.sha256(file.encode()).hexdigest(), 16) % 1000))
    digests = {file: file_sha256(root / file) for file in split["file"].unique()}
    made.write_split(split.assign(sha256=split["file"].map(digests)))
    return made


def head(seed: int) -> np.ndarray:
    """Something round and grey on black, uint8 (96, 80)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:96, :80]
    texture = np.kron(rng.integers(80, 200, (12, 10)), np.ones((8, 8)))
    return np.where(((x - 40) / 30) ** 2 + ((y - 48) / 40) ** 2 < 1, texture, 0).astype(np.uint8)


def png(seed: int) -> bytes:
    """A head as a file."""
    buffer = io.BytesIO()
    Image.fromarray(head(seed)).save(buffer, "PNG")
    return buffer.getvalue()


def blank() -> bytes:
    """A picture with nothing in it."""
    buffer = io.BytesIO()
    Image.new("L", (96, 96)).save(buffer, "PNG")
    return buffer.getvalue()


def nifti(tmp_path: Path, slices: int = 5) -> bytes:
    """A volume of such heads."""
    path = tmp_path / "volume.nii.gz"
    volume = np.stack([head(seed).T for seed in range(slices)], axis=-1).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), path)
    return path.read_bytes()


def drop(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    """Drop files of these names on the page."""
    dropped = [(name, data, "application/octet-stream") for name, data in files]
    page.file_uploader[0].set_value(dropped).run()
    assert not page.exception
    return page


@contextmanager
def desk_alone(page: AppTest) -> Iterator[None]:
    """Have runs of the page rerun the desk alone, as its own controls do in a browser."""
    storage = page._fragment_storage
    (desk,) = (key for key in storage._fragments if storage._parent_by_id.get(key) is None)
    rerun = partial(local_script_runner.RerunData, fragment_id=desk)
    with patch.object(local_script_runner, "RerunData", rerun):
        yield


def slices_of(page: AppTest) -> Slider:
    """The slider of a volume's slices."""
    return next(slider for slider in page.slider if slider.label.startswith("Slice"))


def shown(page: AppTest) -> str:
    """All that a page says, as HTML or otherwise."""
    return "\n".join(e.proto.body for e in page.html) + texts(page)


def link(run: Run, file: str) -> str | None:
    """What stands for a scan of the run in an address."""
    item = from_run(run, file)
    return item and item.link


def explain(pages: Pages, link: str | None) -> AppTest:
    """Follow a link to a scan of the run."""
    pages.test.query_params[state.SCAN] = link
    page = pages.open("explain")
    assert not page.exception
    return page


def press(page: AppTest, beginning: str) -> AppTest:
    """Press the button whose label begins so."""
    next(b for b in page.button if b.label.startswith(beginning)).click().run()
    assert not page.exception
    return page
