"""What an explained prediction costs beside a plain one: `python -m benchmarks.explain`.

Everything is timed in turn in one process, round after round, so that whatever else the
machine does meets all of them alike; medians and their ratios are what counts. The network
has random weights, which take as long as trained ones.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import keras
import numpy as np
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
from tf_keras_vis.utils.scores import CategoricalScore

from core.config import REPORT
from core.explanation.maps import Explainer
from core.explanation.methods import METHODS
from core.model.vgg19 import build_model
from core.model.weights import Weights


def tasks(model: keras.Model, batch: np.ndarray) -> dict[str, Callable[[], object]]:
    """What is timed, by name; the first is the measure of the others."""
    explainer = Explainer(model)
    built = Gradcam(model, model_modifier=ReplaceToLinear(), clone=True)
    score = CategoricalScore([1])

    def as_in_examples() -> object:
        visualization = Gradcam(model, model_modifier=ReplaceToLinear(), clone=True)
        return visualization(score, batch, penultimate_layer=-1)

    return {
        "plain prediction": lambda: model.predict_on_batch(batch),
        **{
            f"explained, {method}": lambda method=method: explainer.explain(batch, method=method)
            for method in METHODS
        },
        "tf-keras-vis, built once": lambda: built(score, batch, penultimate_layer=-1),
        "tf-keras-vis, as in its examples": as_in_examples,
    }


def measure(timed: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each, after one round to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for number in range(rounds + 1):
        for name, task in timed.items():
            started = time.perf_counter()
            task()
            if number:
                seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(found) for name, found in seconds.items()}


def main() -> None:
    """Measure one picture and a batch, and print a table of each."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.explain")
    parser.add_argument("--size", type=int, default=REPORT.input.size, help="pixels, 240")
    parser.add_argument("--batch", type=int, default=8, help="pictures in the batch, 8")
    parser.add_argument("--rounds", type=int, default=9, help="measurements of each, 9")
    options = parser.parse_args()
    protocol = REPORT.model_copy(
        update={"input": REPORT.input.model_copy(update={"size": options.size})}
    )
    model = build_model(protocol, Weights("random"))
    shape = (options.size, options.size, 3)
    pictures = np.random.default_rng(0).random((options.batch, *shape), np.float32)
    for count in dict.fromkeys((1, options.batch)):
        found = measure(tasks(model, pictures[:count]), options.rounds)
        plain = found["plain prediction"]
        print(f"\n{count} picture(s) of {options.size} x {options.size} pixels")  # noqa: T201
        for name, seconds in found.items():
            print(f"{name:34s} {1000 * seconds:8.0f} ms {seconds / plain:6.2f} x")  # noqa: T201


if __name__ == "__main__":
    main()
