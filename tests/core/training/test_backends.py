"""The training code stays inside Keras 3, so it also runs where TensorFlow does not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]

PROGRAM = """
import json, sys
from pathlib import Path
import keras, numpy as np
from core.config import Head
from core.protocols import REPORT
from core.model.prefix import PrefixCache
from core.model.stages import apply_stage, cuts_of, tail_model
from core.model.vgg19 import build_model
from core.model.weights import Weights
from core.training import checkpoint
from core.training.callbacks import Callback
from core.training.loop import StageData, compile_for, fit

class Rows(Callback):
    rows = []
    def on_epoch_end(self, model, epoch):
        self.rows.append([epoch.loss, epoch.validation_loss])
        checkpoint.save(folder / "checkpoint.npz", model, {"epoch": epoch.epoch})

folder = Path(sys.argv[1])
protocol = REPORT.model_copy(update={
    "input": REPORT.input.model_copy(update={"size": 64}),
    "head": Head(pooling="symmetry", layers=("block4_pool", "block5_pool"), units=(16,),
                 dropout=0)})
stage = protocol.stage("stage1").model_copy(update={"epochs": 3})
pictures = np.random.default_rng(1).integers(0, 120, (24, 64, 64, 3), dtype=np.uint8)
pictures[::2, 16:40, 8:30] += 100
model = build_model(protocol, Weights("file", folder / "start.weights.h5"))
model.load_weights(folder / "start.keras")
apply_stage(model, stage)
cuts = cuts_of(stage, protocol.head)
known = PrefixCache(folder / keras.backend.backend()).activations(model, cuts, pictures, "unit")
network = tail_model(model, cuts)
compile_for(network, stage)
inputs, positive = tuple(known.values()), np.arange(24) % 2 == 0
data = StageData(inputs, positive, np.arange(16), np.arange(16, 24), "unit")
fit(network, data, stage, [Rows()], batch_size=8, seed=3)
assert checkpoint.load(folder / "checkpoint.npz", network) == {"epoch": 3}
model.save(folder / f"{keras.backend.backend()}.keras")
print(json.dumps({"backend": keras.backend.backend(), "rows": Rows.rows}))
"""


def history(backend, folder):
    environment = os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["backend"] == backend
    return np.array(answer["rows"])


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """One and the same start for all backends, whose random numbers differ."""
    import keras

    from core.config import Head
    from core.model.architecture import VGG19_LAYERS
    from core.model.vgg19 import build_model
    from core.model.weights import Weights
    from core.protocols import REPORT

    folder = tmp_path_factory.mktemp("backends")
    protocol = REPORT.model_copy(
        update={
            "input": REPORT.input.model_copy(update={"size": 64}),
            "head": Head(
                pooling="symmetry", layers=("block4_pool", "block5_pool"), units=(16,), dropout=0
            ),
        }
    )
    model = build_model(protocol, Weights("random"))
    model.save(folder / "start.keras")
    last = model.get_layer(VGG19_LAYERS[-1])
    keras.Model(model.input, last.output).save_weights(folder / "start.weights.h5")
    return folder


def test_jax_trains_as_tensorflow_does(start):
    pytest.importorskip("jax", reason="needs jax, which requirements-dev.txt installs")
    np.testing.assert_allclose(history("jax", start), history("tensorflow", start), rtol=1e-3)
