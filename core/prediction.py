"""From a file's bytes to an answer: class, probability, and what in the scan spoke for it.

Scans take the same path as in training. A file that cannot be read and a picture that should
not be answered for are answers as well, with a reason, and never an exception.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.evaluation.groups import grouped
from core.evaluation.precedents import Precedents, precedents
from core.explanation.gate import judge_distance
from core.explanation.geometry import to_scan
from core.explanation.methods import DEFAULT
from core.imaging.preprocessing import Prepared, scale
from core.imaging.reading import Selection
from core.imaging.scans import MIDDLE, Scan
from core.intake import Intake, Objection, Question
from core.model.typicality import LAYER, Typicality, pooled
from core.model.weights import file_sha256
from core.training.known import known_scans
from core.training.runs import Run

if TYPE_CHECKING:
    import pandas as pd

    from core.explanation.maps import Explainer

BATCH = 8
"""Pictures that go through the network at once: more is no faster on a laptop, and each takes
some 30 MB at 240 pixels."""
MEMORY = "The run was trained on this very scan: the answer is memory, not skill."


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a run's network says of one file, or why it says nothing.

    Attributes:
        file: The name given. Shown and exported, never logged.
        status: "ok"; "refused" (a picture, but no scan to answer for); "unreadable".
        stage: The stage that was asked.
        model_sha256: Fingerprint of its model file.
        label: The more probable class, by the user's name for it.
        probability: Of each class, by name; they add up to 1.
        reason: Why there is no answer, in words.
        scan: The pixels that were read, and what the file tells of them.
        prepared: What the network saw, and where in the scan it lies.
        map: float32 (H, W), at least 0, over the scan: what spoke for `target`.
        map_maximum: The raw map's largest value; 0 means that nothing spoke for `target`. It is
            that of a cell, before the map is laid on the scan: that of `map` is a little less.
        target: The class that the map explains.
        trained_on: The run was trained on this very file, so its answer is memory.
        precedents: How right the stage was on test scans where it called the same, about as
            surely. None for a scan that it was trained on and for an answer on demand, of which
            they tell nothing, and where there are none.
        slice: Number of the slice in its volume, from 0, as far as it is known.
        distance: From the training scans, as a multiple of what is typical of them (see
            `core.model.typicality`); none where that cannot be known.
        overridden: The answer was given although there was a reason not to, `reason`.
        cautions: What else to bear in mind, in sentences; that the answer is memory among them.
    """

    file: str
    status: Literal["ok", "refused", "unreadable"]
    stage: str
    model_sha256: str
    label: str | None = None
    probability: Mapping[str, float] | None = None
    reason: str | None = None
    scan: Scan | None = None
    prepared: Prepared | None = None
    map: NDArray[np.float32] | None = None
    map_maximum: float | None = None
    target: str | None = None
    trained_on: bool = False
    precedents: Precedents | None = None
    slice: int | None = None
    distance: float | None = None
    overridden: bool = False
    cautions: tuple[str, ...] = ()

    def to_json(self, method: str, map_path: str | None = None) -> dict[str, Any]:
        """The record that `predict --json` documents.

        Its last keys are for what is asked beside the answer, and are none here.

        Args:
            method: How the map was made, if there is one.
            map_path: Where the caller has put the map, if it has.
        """
        scan = self.scan
        return {
            "file": self.file,
            "status": self.status,
            "label": self.label,
            "probability": dict(self.probability) if self.probability else None,
            "precedents": self.precedents.model_dump(mode="json") if self.precedents else None,
            "reason": self.reason,
            "map": map_path,
            "overridden": self.overridden,
            "distance": self.distance,
            "trained_on": self.trained_on,
            "cautions": list(self.cautions),
            "slice": self.slice,
            "slices": scan.slices if scan else None,
            "plane": scan.plane if scan else None,
            "volume": scan.volume if scan else None,
            "volumes": scan.volumes if scan else None,
            "window": list(scan.window) if scan and scan.window else None,
            "explained": self.target,
            "method": method if self.target else None,
            "map_maximum": self.map_maximum,
            "evidence": None,
            "stages": None,
            "similar": None,
        }


class Predictor:
    """A finished stage of a run, loaded once and ready to answer.

    Args:
        run: The run.
        stage: Name of a finished stage.

    Raises:
        RunError: The stage is not finished, or its model cannot be loaded.
    """

    def __init__(self, run: Run, stage: str) -> None:
        import keras

        from core.model.vgg19 import load_model

        run.metrics(stage)  # refuses a stage that is not finished
        self.run = run
        self.stage = stage
        self.protocol = run.protocol
        self.classes = run.classes
        self.model = load_model(run.model_path(stage))
        self.model_sha256 = file_sha256(run.model_path(stage))
        self._seeing = keras.Model(
            self.model.input, [self.model.output, self.model.get_layer(LAYER).output]
        )
        self.intake = Intake(run)

    @cached_property
    def typicality(self) -> Typicality | None:
        """What is typical of the training scans; none where that cannot be known.

        It is in the run's folder, or learned from the scans when first asked for, which takes
        as long as predicting some hundred of them.
        """
        return known_scans(self.run, self.stage, self.model)

    @cached_property
    def test(self) -> "pd.DataFrame":
        """What the stage said of the test scans, with the group of each."""
        rows = self.run.predictions(self.stage)
        return grouped(self.run, rows[rows["split"] == "test"])

    @cached_property
    def explainer(self) -> "Explainer":
        """Makes the maps; built when first asked for.

        Raises:
            SettingError: Keras does not run on TensorFlow.
        """
        from core.explanation.maps import Explainer

        return Explainer(self.model)

    def predict(
        self,
        data: bytes,
        name: str,
        slice: int | None = None,
        *,
        selection: Selection | None = None,
        override: bool = False,
        explain: bool = False,
        target: int | None = None,
        method: str = DEFAULT,
    ) -> Prediction:
        """Answer for one file.

        Args:
            data: Its bytes.
            name: Its name, which goes into the answer.
            slice: Of a volume, counted from 0; none is the middle one.
            selection: Slice, plane, volume and window at once, in the place of `slice`.
            override: Whether a picture that should be refused is answered for all the same.
            explain: Whether a map is made.
            target: What the map explains: 0 the negative class, 1 the positive one, none the
                predicted one.
            method: How the map is made; a name in `core.explanation.methods.METHODS`.

        Raises:
            SettingError: There is no such slice, plane, volume, target or method.
        """
        read = self.intake.read(data, name, selection or Selection(slice), override=override)
        return self._answer([read], explain, target, method)[0]

    def predict_many(
        self,
        files: Iterable[tuple[bytes, str]],
        *,
        selection: Selection = MIDDLE,
        override: bool = False,
        explain: bool = False,
        target: int | None = None,
        method: str = DEFAULT,
        batch_size: int = BATCH,
    ) -> Iterator[Prediction]:
        """Answer for many files, in their order, a batch at a time.

        Files are taken from the iterable as they are needed, so that it can read them late.

        Args:
            files: (bytes, name) of each.
            selection: What is taken of each; as in `predict`.
            override: As in `predict`.
            explain: Whether maps are made.
            target: As in `predict`.
            method: As in `predict`.
            batch_size: Pictures that go through the network at once.

        Raises:
            SettingError: There is no such target or method, or a file has no such slice.
        """
        read = (self.intake.read(*file, selection, override=override) for file in files)
        yield from self._in_batches(read, explain, target, method, batch_size)

    def predict_slices(
        self,
        data: bytes,
        name: str,
        *,
        selection: Selection = MIDDLE,
        override: bool = False,
        explain: bool = False,
        target: int | None = None,
        method: str = DEFAULT,
        batch_size: int = BATCH,
        progress: Callable[[int, int], None] | None = None,
    ) -> Iterator[Prediction]:
        """Answer for every slice of a volume or series, in their order.

        The file is opened once. One that cannot be opened gives one answer, which says so.

        Args:
            data: As in `predict`, like all that is not said here.
            name: As in `predict`.
            selection: Plane, volume and window; its slice does not matter.
            override: As in `predict`.
            explain: As in `predict`.
            target: As in `predict`.
            method: As in `predict`.
            batch_size: Pictures that go through the network at once.
            progress: Called with (slices done, slices in all).

        Raises:
            SettingError: There is no such plane, volume, target or method.
        """
        count, read = self.intake.slices(data, name, selection, override=override)
        answers = self._in_batches(read, explain, target, method, batch_size)
        for done, answer in enumerate(answers, start=1):
            yield answer
            if progress:
                progress(done, count)

    def _in_batches(
        self,
        read: Iterator[Question | Objection],
        explain: bool,
        target: int | None,
        method: str,
        batch_size: int,
    ) -> Iterator[Prediction]:
        while batch := list(islice(read, batch_size)):
            yield from self._answer(batch, explain, target, method)

    def _answer(
        self,
        batch: list[Question | Objection],
        explain: bool,
        target: int | None,
        method: str,
    ) -> list[Prediction]:
        questions = [item for item in batch if isinstance(item, Question)]
        answers = iter(self._ask(questions, explain, target, method) if questions else [])
        return [
            next(answers) if isinstance(item, Question) else self.decline(item) for item in batch
        ]

    def decline(self, objection: Objection) -> Prediction:
        """The answer for what nothing was asked about."""
        return self._prediction(
            objection.file,
            objection.status,
            reason=objection.reason,
            scan=objection.scan,
            slice=objection.slice,
        )

    def _ask(
        self, questions: list[Question], explain: bool, target: int | None, method: str
    ) -> Iterator[Prediction]:
        pictures = np.stack([question.prepared.pixels for question in questions])
        inputs = scale(pictures, self.protocol.input.scaling)
        if explain:  # what the map's pass sees on its way up is enough to know the distance
            look = self.explainer.look(inputs, target)
            distances = self._distances(np.asarray(look.activations(LAYER)))
            found = np.zeros((len(inputs), 2), np.float32)
        else:
            look = None
            found, seen_as = self._see(inputs)
            distances = self._distances(seen_as)
        reasons = [
            question.reason or judge_distance(distance)
            for question, distance in zip(questions, distances, strict=True)
        ]
        answered = [
            i for i, reason in enumerate(reasons) if reason is None or questions[i].override
        ]
        maps = None
        if look and answered:
            maps = look.only(answered).maps(method)
            found[answered] = maps.probabilities
        for i, (question, reason) in enumerate(zip(questions, reasons, strict=True)):
            seen: dict[str, Any] = {
                "reason": reason,
                "scan": question.scan,
                "prepared": question.prepared,
                "slice": question.scan.slice,
                "distance": distances[i],
                "cautions": question.cautions,
            }
            if i not in answered:
                yield self._prediction(question.file, "refused", **seen)
                continue
            if maps is not None:
                place = answered.index(i)
                seen |= {
                    "map": to_scan(maps.maps[place], question.prepared),
                    "map_maximum": float(maps.maximum[place]),
                    "target": self.classes[int(maps.target[place])],
                }
            if question.trained_on:
                seen["cautions"] = (MEMORY, *question.cautions)
            yield self._prediction(
                question.file,
                "ok",
                label=self.classes[int(found[i, 1] >= 0.5)],
                probability={
                    name: float(p) for name, p in zip(self.classes, found[i], strict=True)
                },
                trained_on=question.trained_on,
                precedents=None
                if question.trained_on or reason is not None
                else precedents(self.test, self.run.positive, float(found[i, 1]), question.group),
                overridden=reason is not None,
                **seen,
            )

    def _see(self, inputs: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities (n, 2), and what `LAYER` gives."""
        import keras

        outputs = self._seeing.predict_on_batch(inputs)
        found, seen_as = (keras.ops.convert_to_numpy(output) for output in outputs)
        return found, seen_as

    def _distances(self, seen_as: NDArray[np.float32]) -> list[float | None]:
        """How far pictures are from the training scans, by what `LAYER` gives of them."""
        if self.typicality is None:
            return [None] * len(seen_as)
        return [float(distance) for distance in self.typicality.distance(pooled(seen_as))]

    def _prediction(
        self, file: str, status: Literal["ok", "refused", "unreadable"], **more: Any
    ) -> Prediction:
        return Prediction(file, status, self.stage, self.model_sha256, **more)


def suspicion(probability: Mapping[str, float] | None, positive: str) -> float:
    """What slices are ranked by: the probability of the positive class, -1 without an answer."""
    return (probability or {}).get(positive, -1.0)
