"""Fixtures for every test. Material that the project may not carry is used where it is."""

import os
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# No test depends on what the machine happens to have: no download, no weights of the user's,
# no word from TensorFlow. Set here, so that the processes which tests start have it too.
os.environ["NEUROSTAGE_OFFLINE"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
os.environ["KERAS_HOME"] = str(ROOT / ".pytest_cache" / "keras")
os.environ.pop("VGG19_WEIGHTS", None)
os.environ.pop("NEUROSTAGE_WORKSPACE", None)
# A shell that starts the tests in the background has Ctrl-C ignored, and what ignores a signal
# hands that on to every process it starts; what handles one does not.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real scans and weights beside the checkout, or a skip that says so."""
    folder = Path(os.environ.get("NEUROSTAGE_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("needs the folder of real scans and weights (../shared), which is absent")
    return folder


@pytest.fixture(scope="session")
def imagenet_weights(shared: Path) -> Path:
    """ImageNet weights of VGG19 without its top."""
    return shared / "weights" / "vgg19_imagenet_notop.weights.h5"
