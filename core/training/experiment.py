"""The stages of one run, each from the best checkpoint of the one before."""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix

from core.config import Stage
from core.data.index import PARTS
from core.data.splits import load_pictures
from core.errors import RunError, WeightsError
from core.model.architecture import LAST_LAYER, VGG19_LAYERS, trainable_parameters
from core.model.prefix import PrefixCache, last_layer_averages
from core.model.stages import apply_stage, average_of, cuts_of, tail_model
from core.model.typicality import LAYER as TYPICAL
from core.model.vgg19 import build_model
from core.model.weights import file_sha256, find_weights
from core.storage import replacing, write_text
from core.training import checkpoint
from core.training.baselines import BASELINES, Material, rows_for_baselines, write_baselines
from core.training.callbacks import BestEpoch, Callback, EarlyStopping, Epoch, ReduceLearningRate
from core.training.crossval import CrossValidation
from core.training.known import known_scans
from core.training.loop import StageData, compile_for, fit, predict
from core.training.probe import start_head
from core.training.runs import (
    COMPUTING_PREFIX,
    FITTING_BASELINES,
    PREDICTION_COLUMNS,
    Run,
    RunWeights,
)

log = logging.getLogger("neurostage")

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""


class Experiment:
    """A run with its pictures and its network in memory.

    Args:
        run: Its configuration and its split are read, its results written.
        cache: Of frozen activations; none trains every stage on the pictures themselves.
        progress: Told of everything that takes time. What it raises ends the work; the run
            can then be resumed.
        listener: Told of every batch and epoch, beside the protocol's own callbacks.
    """

    def __init__(
        self, run: Run, cache: PrefixCache | None, progress: Progress, listener: Callback
    ) -> None:
        self.run = run
        self.protocol = run.protocol
        self.cache = cache
        self.progress = progress
        self.listener = listener
        config = run.config
        self.pictures, self.split = load_pictures(
            Path(config.data.root),
            run.split(),
            self.protocol,
            cropped_already=config.data.already_cropped,
            progress=lambda done, total: progress("Reading scans", done, total),
        )
        run.write_split(self.split)
        log.info("read %d pictures", len(self.pictures))
        weights = find_weights(
            Path(config.weights_path) if config.weights_path else None,
            # What began on random values goes on with them, whatever can be had by now.
            search=all(begun.source != "random" for begun in self._begun().values()),
            progress=lambda done, total: progress("Downloading VGG19's weights", done, total),
        )
        self.weights = RunWeights(source=weights.source, sha256=weights.sha256)
        log.info("VGG19 starts from: %s", weights.source)
        self.model = build_model(self.protocol, weights)

    def train(self, stage: Stage) -> None:
        """Train a stage, from its last checkpoint if there is one, and evaluate it."""
        started = time.perf_counter()
        before = self.protocol.before(stage.name)
        if before is not None:
            self.model.load_weights(self.run.model_path(before.name))
        else:
            self._start_from(self.weights)
        apply_stage(self.model, stage)
        known = self._frozen(stage)
        if before is None:
            self._fit_baselines(known.get(LAST_LAYER, self.pictures))
        network, data = self._network_and_data(stage, known)
        if before is None:
            cuts = cuts_of(stage, self.protocol.head) if known else ()
            start_head(self.model, self.protocol.head, cuts, data)
        compile_for(network, stage)
        training = self.protocol.training
        best = BestEpoch()
        deciding = [
            best,
            EarlyStopping(training.patience),
            ReduceLearningRate(training.plateau_patience, training.plateau_factor),
        ]
        resume = self.run.stage_path(stage.name) / "checkpoint.npz"
        recorder = _Recorder(self.run, stage, self.model, best, deciding, resume)
        first_epoch = 1
        if resume.is_file():
            try:
                first_epoch = recorder.restore(network) + 1
                log.info("%s: going on after epoch %d", stage.name, first_epoch - 1)
            except RunError:  # after a power cut, say; what the stage starts from is there
                log.warning("%s: its checkpoint is damaged, it begins anew", stage.name)
        if not any(callback.wants_to_stop for callback in deciding):
            fit(
                network,
                data,
                stage,
                [*deciding, recorder, self.listener],
                batch_size=training.batch_size,
                seed=self.protocol.seed,
                first_epoch=first_epoch,
            )
        self._evaluate(stage, network, data, best.state["epoch"], time.perf_counter() - started)
        resume.unlink(missing_ok=True)
        known_scans(
            self.run,
            stage.name,
            self.model,
            lambda done, total: self.progress("Learning what is typical", done, total),
            known.get(average_of(TYPICAL)),
        )

    def _begun(self) -> dict[str, RunWeights]:
        """What the run and the other folds of its cross-validation started from, by their names."""
        alone = self.run.config.keeps_all_models
        folds = CrossValidation(self.run.path.parent.parent).runs
        found = {run.name: run.config.weights for run in ([self.run] if alone else folds())}
        return {name: weights for name, weights in found.items() if weights is not None}

    def _start_from(self, weights: RunWeights) -> None:
        """Put down what VGG19 starts from, once: a head that has begun on it fits no other.

        Raises:
            WeightsError: The run, or another fold of its cross-validation, has begun on others.
        """
        for name, begun in self._begun().items():
            if begun.sha256 != weights.sha256:
                raise WeightsError(
                    f"the weights that '{name}' has begun with, {_in_words(begun)}",
                    f"now VGG19 would start from {_in_words(weights)}",
                    "Name the same weights file (VGG19_WEIGHTS) and resume, or start another run.",
                )
        self.run.write_config(self.run.config.model_copy(update={"weights": weights}))

    def _frozen(self, stage: Stage) -> dict[str, np.ndarray[Any, Any]]:
        """What the frozen layers give that a stage needs; nothing where there is no room for it."""
        cuts, *later = (
            cuts_of(each, self.protocol.head)
            for each in self.protocol.stages[self.protocol.stages.index(stage) :]
        )
        below = VGG19_LAYERS[: VGG19_LAYERS.index(TYPICAL) + 1]
        typical = [] if any(map(stage.unfreezes, below)) else [average_of(TYPICAL)]
        if not cuts or self.cache is None:
            return {}
        found = self.cache.activations(
            self.model,
            cuts,
            self.pictures,
            self.protocol.input.scaling,
            later=[*typical, *(cut for each in later for cut in each)],
            each_batch=lambda done, total: self.progress(COMPUTING_PREFIX, done, total),
        )
        if all(cut in found for cut in cuts):
            return dict(found)
        log.info("no room on disk for the cache: training on the pictures themselves")
        return {}

    def _network_and_data(
        self, stage: Stage, known: dict[str, np.ndarray[Any, Any]]
    ) -> tuple[keras.Model, StageData]:
        """What trains, and what enters it: cached activations where there is a frozen part.

        Args:
            stage: The stage.
            known: What frozen layers give.
        """
        cuts = cuts_of(stage, self.protocol.head) if known else ()
        part = self.split["split"].to_numpy()
        data = StageData(
            inputs=tuple(known[cut] for cut in cuts) or (self.pictures,),
            positive=(self.split["label"] == self.run.positive).to_numpy(),
            train=np.flatnonzero(part == "train"),
            validation=np.flatnonzero(part == "validation"),
            scaling=self.protocol.input.scaling,
            label_smoothing=self.protocol.training.label_smoothing,
            balanced=self.protocol.training.class_weights,
        )
        return tail_model(self.model, cuts), data

    def _fit_baselines(self, inputs: np.ndarray[Any, Any]) -> None:
        """Fit what the network has to beat, once a run, while VGG19 is as it came.

        Args:
            inputs: Pictures, or what the last layer makes of them.
        """
        if all(self.run.baseline_path(baseline.name).is_file() for baseline in BASELINES):
            return

        def tell(done: int, total: int) -> None:
            self.progress(FITTING_BASELINES, done, total)

        rows = rows_for_baselines(self.split)
        features = last_layer_averages(
            self.model, inputs, rows, self.protocol.input.scaling, each_batch=tell
        )
        material = Material(Path(self.run.config.data.root), self.pictures[rows], features)
        table = self.split.iloc[rows].reset_index(drop=True)
        write_baselines(self.run, table, material, progress=tell)

    def _evaluate(
        self, stage: Stage, network: keras.Model, data: StageData, best_epoch: int, seconds: float
    ) -> None:
        """Predict every picture of a part at the best checkpoint; write the stage's results."""
        path = self.run.model_path(stage.name)
        self.model.load_weights(path)
        used = np.flatnonzero(self.split["split"].isin(PARTS))
        probability = predict(
            network,
            data,
            used,
            batch_size=self.protocol.training.batch_size,
            each_batch=lambda done, total: self.progress("Evaluating every picture", done, total),
        )
        table = self.split.iloc[used].assign(probability=probability)[PREDICTION_COLUMNS]
        folder = self.run.stage_path(stage.name)
        write_text(folder / "predictions.csv", table.to_csv(index=False), durable=True)
        before = self.protocol.before(stage.name)
        history = self.run.history()
        record: dict[str, Any] = {
            "stage": stage.model_dump(),
            "epochs": int((history["stage"] == stage.name).sum()),
            "best_epoch": best_epoch,
            "trainable_parameters": trainable_parameters(self.protocol, stage),
            "seconds": round(seconds, 1),
            "model_sha256": file_sha256(path),
            "started_from": self.run.metrics(before.name)["model_sha256"] if before else None,
        }
        for part, rows in table.groupby("split", sort=False):
            record[str(part)] = _score(rows, self.run.positive)
        write_text(folder / "metrics.json", json.dumps(record, indent=2), durable=True)
        log.info(
            "%s: best epoch %d, validation accuracy %.4f, test accuracy %.4f",
            stage.name,
            best_epoch,
            record["validation"]["accuracy"],
            record["test"]["accuracy"],
        )


def _in_words(weights: RunWeights) -> str:
    """`a file with SHA-256 4f2a…`, `random values`."""
    return f"a file with SHA-256 {weights.sha256[:12]}…" if weights.sha256 else "random values"


class _Recorder(Callback):
    """Puts each epoch on disk: best model, history, and last the checkpoint that counts.

    A process killed between two of these writes resumes from the former checkpoint, and
    the epoch that it repeats writes the same again.
    """

    def __init__(
        self,
        run: Run,
        stage: Stage,
        model: keras.Model,
        best: BestEpoch,
        deciding: list[Callback],
        path: Path,
    ) -> None:
        super().__init__()
        self.run = run
        self.stage = stage
        self.model = model
        self.best = best
        self.deciding = deciding
        self.path = path

    def on_epoch_end(self, model: keras.Model, epoch: Epoch) -> None:
        if not np.isfinite([epoch.loss, epoch.validation_loss]).all():
            raise RunError(
                "a loss that is a number",
                f"that of {self.stage.title} is none after epoch {epoch.epoch}, at a learning "
                f"rate of {epoch.learning_rate:g}",
                "Train the stage again at a lower rate.",
            )
        is_best = self.best.is_best(epoch)
        if is_best:
            with replacing(self.run.model_path(self.stage.name)) as temporary:
                self.model.save(temporary)
        history = self._history_until(epoch.epoch - 1)
        row = pd.DataFrame([asdict(epoch) | {"stage": self.stage.name, "best": 0}])
        history = pd.concat([history, row], ignore_index=True) if len(history) else row
        ours = history["stage"] == self.stage.name
        history.loc[ours, "best"] = (history.loc[ours, "epoch"] == self.best.state["epoch"]).astype(
            int
        )
        self.run.write_history(history)
        checkpoint.save(
            self.path,
            model,
            {"epoch": epoch.epoch, "callbacks": [callback.state for callback in self.deciding]},
        )
        log.info(
            "%s epoch %d: loss %.4f, accuracy %.4f, validation loss %.4f, accuracy %.4f%s",
            self.stage.name,
            epoch.epoch,
            epoch.loss,
            epoch.accuracy,
            epoch.validation_loss,
            epoch.validation_accuracy,
            " (best)" if is_best else "",
        )

    def restore(self, model: keras.Model) -> int:
        """Go back to the checkpoint; returns its epoch."""
        state = checkpoint.load(self.path, model)
        for callback, kept in zip(self.deciding, state["callbacks"], strict=True):
            callback.state = kept
        epoch = int(state["epoch"])
        self.run.write_history(self._history_until(epoch))
        return epoch

    def _history_until(self, epoch: int) -> pd.DataFrame:
        history = self.run.history()
        return history[(history["stage"] != self.stage.name) | (history["epoch"] <= epoch)]


def _score(rows: pd.DataFrame, positive: str) -> dict[str, Any]:
    truth = (rows["label"] == positive).to_numpy()
    probability = rows["probability"].to_numpy()
    given = np.clip(np.where(truth, probability, 1 - probability), 1e-7, 1.0)
    return {
        "n": len(rows),
        "loss": float(-np.log(given).mean()),
        "accuracy": float(((probability >= 0.5) == truth).mean()),
        "confusion": confusion_matrix(truth, probability >= 0.5, labels=[False, True]).tolist(),
    }
