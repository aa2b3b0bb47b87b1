"""What an explanation costs beside a plain prediction: `python -m benchmarks explain`.

Everything is timed in turn in one process, round after round, so that whatever else the
machine does meets all of them alike; medians and their ratios are what counts. Processor time
stands beside the time that passed: on a machine with other work it is the one to go by.
The measure is the fastest way to a plain prediction that is at hand: Keras's own
`predict_on_batch`, a traced call, or a graph with its weights frozen in. Networks have random
weights, which take as long as trained ones.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
from tf_keras_vis.utils.scores import CategoricalScore

from benchmarks._lines import say
from core.config import Protocol
from core.explanation.maps import Explainer
from core.explanation.methods import DEFAULT, METHODS
from core.explanation.stages import StageNetworks
from core.model.vgg19 import build_model
from core.model.weights import Weights
from core.protocols import LEAKFREE, REPORT

Task = Callable[[], object]


def plain(model: keras.Model, batch: np.ndarray) -> dict[str, Task]:
    """Ways to a plain prediction."""
    signature = [tf.TensorSpec((None, *batch.shape[1:]), tf.float32)]
    traced = tf.function(lambda x: model(x, training=False), input_signature=signature)
    frozen = convert_variables_to_constants_v2(traced.get_concrete_function())
    return {
        "plain, predict_on_batch": lambda: model.predict_on_batch(batch),
        "plain, traced": lambda: traced(batch).numpy(),
        "plain, frozen graph": lambda: np.asarray(frozen(tf.constant(batch))[0]),
    }


def explained(model: keras.Model, batch: np.ndarray, *, slow: bool) -> dict[str, Task]:
    """Every method, and tf-keras-vis called as its examples do."""
    explainer = Explainer(model)
    score = CategoricalScore([1])

    def as_in_examples() -> object:
        visualization = Gradcam(model, model_modifier=ReplaceToLinear(), clone=True)
        return visualization(score, batch, penultimate_layer=-1)

    def by(name: str) -> Task:
        return lambda: explainer.explain(batch, method=name)

    ours = {f"explained, {n}": by(n) for n, m in METHODS.items() if slow or not m.slow}
    return ours | ({"tf-keras-vis, as in its examples": as_in_examples} if slow else {})


def staged(protocol: Protocol, batch: np.ndarray) -> dict[str, Task]:
    """All five stages of a picture: together with their maps, and without."""
    models: dict[str, keras.Model] = {}
    rng = np.random.default_rng(0)
    weights = None
    for stage in protocol.stages:
        model = build_model(protocol, Weights("random"))
        if weights is not None:
            model.set_weights(weights)
        for layer in model.layers:
            if stage.unfreezes(layer.name) and layer.weights:
                moved = [w + 1e-4 * rng.standard_normal(w.shape) for w in layer.get_weights()]
                layer.set_weights(moved)
        weights = model.get_weights()
        models[stage.name] = model
    networks = StageNetworks(models)

    def by(name: str) -> Task:
        return lambda: networks.explain(batch, 1, name)

    return {f"five stages, {name}": by(name) for name in ("grad-cam", "layer-cam", DEFAULT)}


def measure(timed: dict[str, Task], rounds: int) -> dict[str, tuple[float, float]]:
    """Median seconds that passed, and of processor time, after one round to warm up."""
    passed: dict[str, list[float]] = {name: [] for name in timed}
    worked: dict[str, list[float]] = {name: [] for name in timed}
    for number in range(rounds + 1):
        for name, task in timed.items():
            started, busy = time.perf_counter(), time.process_time()
            task()
            if number:
                passed[name].append(time.perf_counter() - started)
                worked[name].append(time.process_time() - busy)
    median = statistics.median
    return {name: (median(passed[name]), median(worked[name])) for name in timed}


def report(title: str, found: dict[str, tuple[float, float]]) -> None:
    """Print a table, in units of the fastest plain prediction."""
    references = [times for name, times in found.items() if name.startswith("plain")]
    fastest, leanest = (min(column) for column in zip(*references, strict=True))
    say(f"\n### {title}\n\n| | passed | of plain | processor | of plain |")
    say("| --- | --- | --- | --- | --- |")
    for name, (passed, worked) in found.items():
        say(
            f"| {name} | {1000 * passed:.0f} ms | {passed / fastest:.2f} "
            f"| {1000 * worked:.0f} ms | {worked / leanest:.2f} |"
        )


def main() -> None:
    """Measure one picture, all stages of one, and a batch; print a table of each."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks explain")
    parser.add_argument("--size", type=int, default=REPORT.input.size, help="pixels, 240")
    parser.add_argument("--batch", type=int, default=64, help="pictures in the batch, 64")
    parser.add_argument("--rounds", type=int, default=9, help="measurements of each, 9")
    parser.add_argument("--slow", action="store_true", help="slow methods as well")
    options = parser.parse_args()
    protocol = LEAKFREE.model_copy(
        update={"input": LEAKFREE.input.model_copy(update={"size": options.size})}
    )
    model = build_model(protocol, Weights("random"))
    shape = (options.size, options.size, 3)
    pictures = np.random.default_rng(0).random((options.batch, *shape), np.float32)
    one = pictures[:1]
    pixels = f"{options.size} x {options.size} pixels"
    tasks = plain(model, one) | explained(model, one, slow=options.slow) | staged(protocol, one)
    report(f"One picture of {pixels}", measure(tasks, options.rounds))
    if options.batch > 1:
        tasks = plain(model, pictures) | explained(model, pictures, slow=False)
        few = max(1, options.rounds // 3)
        report(f"{options.batch} pictures of {pixels}", measure(tasks, few))


if __name__ == "__main__":
    main()
