"""Whether a map deserves belief: what can be measured of it without knowing the truth.

A map always looks like an answer. Four measurements can show that it is none: heat where no
head is; other methods that see something else; a network that does not care when what is hot
is taken away (`core.explanation.perturbation`); and a map that stays the same when the network
forgets all it has learned (`core.explanation.randomisation`). The first two cost next to
nothing and are made at once.

The limits stand beside what was measured, which is little: eight held-out scans of one
demonstration run (stage 2), by Layer-CAM at block 4 and Grad-CAM. They are a start, and no
limit says that a map which passes is right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from core.config import Crop
from core.imaging.cropping import head_mask

Float32 = NDArray[np.float32]

LIMIT = (
    "Checks ask whether the map shows what the network went by. Whether that is the lesion, "
    "only a reader can tell."
)
"""Said with every map. Where lesions were outlined, deletion told maps that found them from maps
that missed them no better than chance, or hardly (docs/results.md): a network may go by
something else, and a faithful map then shows that."""

GRID = 15
"""Cells a side on which maps are compared: those of VGG19's last convolution at 240 pixels, so
that a finer map is not held to be different for being finer."""

MOST_OUTSIDE = 1.5
"""Share of heat outside the head, relative to that of an even map over the same picture. Cells
reach over the outline, so that a map of what is near it has about 1. The two maps whose hottest
pixel was in the lesion had 1.0 and 1.1; Grad-CAM for `no_tumour`, on five scans, 1.7 to 3.9."""

LEAST_AGREEMENT = 0.0
"""Mean rank correlation with the other gradient methods: at 0 they know nothing of one
another. Taken from that meaning, not from a measurement; 0 to 0.5 was usual."""

MOST_SIMILAR = 0.7
"""Rank correlation with the map of a network without its knowledge (Adebayo et al. 2018). Of
the sixteen maps Layer-CAM's had 0.36 to 0.55 and Grad-CAM's −0.36 to 0.59; none of them is known
to be wrong in this way, so the limit is a guess above them."""

LEAST_SPREAD = 0.05
"""Of the gains of the map and of random orders, for deletion and insertion to have anything to
show: where nothing that is taken away matters, no order is better than another."""


@dataclass(frozen=True)
class Curves:
    """Deletion and insertion (see `core.explanation.perturbation`).

    Attributes:
        share: Of the picture that is changed, 0–1, rising.
        deletion: Probability of the class explained as the hottest parts are emptied first.
        insertion: The same as they are put first into the empty picture.
        deletion_area, insertion_area: Areas under the two, 0–1.
        random_deletion_areas, random_insertion_areas: Those of each random order.
    """

    share: tuple[float, ...]
    deletion: tuple[float, ...]
    insertion: tuple[float, ...]
    deletion_area: float
    insertion_area: float
    random_deletion_areas: tuple[float, ...]
    random_insertion_areas: tuple[float, ...]

    @property
    def gain(self) -> float:
        """Insertion less deletion area: how well the map's order picks what matters."""
        return self.insertion_area - self.deletion_area

    @property
    def random_gains(self) -> tuple[float, ...]:
        """The gain of each random order; 0 is expected where parts matter alike."""
        pairs = zip(self.random_insertion_areas, self.random_deletion_areas, strict=True)
        return tuple(insertion - deletion for insertion, deletion in pairs)

    @property
    def spread(self) -> float:
        """How much the gain depends on the order at all."""
        gains = (self.gain, *self.random_gains)
        return max(gains) - min(gains)


@dataclass(frozen=True)
class Evidence:
    """What was measured of one map.

    Attributes:
        empty: Nothing spoke for the class: an answer, but no map to measure.
        outside: Share of the heat outside the head, 0–1; none for an empty map.
        outside_evenly: What it would be for heat spread evenly.
        agreement: Rank correlation with the map of each other method, −1 to 1; none where one
            of the two is the same everywhere.
        curves: Deletion and insertion, if they were asked for.
        similarity: Rank correlation with the maps of networks with random weights, by the
            layers that forgot; none if not asked for.
    """

    empty: bool
    outside: float | None
    outside_evenly: float
    agreement: Mapping[str, float | None]
    curves: Curves | None = None
    similarity: Mapping[str, float | None] | None = None

    @property
    def checked(self) -> Literal["cheap", "full"]:
        """How much was measured."""
        return "cheap" if self.curves is None else "full"

    @property
    def mean_agreement(self) -> float | None:
        """Mean of what is defined of `agreement`."""
        known = [value for value in self.agreement.values() if value is not None]
        return float(np.mean(known)) if known else None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the map should not be relied on, in sentences; none if nothing speaks against."""
        if self.empty:
            return ()
        found = []
        if self.outside is not None and self.outside > MOST_OUTSIDE * self.outside_evenly:
            found.append(
                f"{self.outside:.0%} of its heat lies outside the head, "
                f"where an even map would have {self.outside_evenly:.0%}."
            )
        agreement = self.mean_agreement
        if agreement is not None and agreement < LEAST_AGREEMENT:
            found.append(
                "Other methods see something else: their mean rank correlation with it is "
                f"{agreement:.2f}."
            )
        return (*found, *self._full_reasons())

    def _full_reasons(self) -> list[str]:
        found = []
        curves = self.curves
        if curves is not None and curves.spread >= LEAST_SPREAD:
            orders = len(curves.random_gains)
            better = sum(gain >= curves.gain for gain in curves.random_gains)
            if better:
                found.append(
                    "Taking away what is hot matters no more than taking away random parts: "
                    f"{better} of {orders} random orders do as well or better (insertion less "
                    f"deletion area {curves.gain:.2f}, at random {max(curves.random_gains):.2f} "
                    "at best)."
                )
        for layers, value in (self.similarity or {}).items():
            if value is not None and value > MOST_SIMILAR:
                found.append(
                    f"It hardly depends on what the network has learned: with random weights in "
                    f"{layers} the map is nearly the same (rank correlation {value:.2f})."
                )
        return found

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not measured, or could not be, and why."""
        found = []
        if self.empty:
            found.append("The map is empty, so there is nothing to measure.")
        else:
            found.append(LIMIT)
        if self.curves is not None and self.curves.spread < LEAST_SPREAD:
            found.append(
                "Deletion and insertion show nothing here: the answer hardly depends on which "
                "parts are taken away first."
            )
        return tuple(found)

    @property
    def verdict(self) -> Literal["reliable", "unreliable", "empty"]:
        """`unreliable` when there is a reason; `reliable` when what was checked gave none."""
        if self.empty:
            return "empty"
        return "unreliable" if self.reasons else "reliable"

    @property
    def headline(self) -> str:
        """The verdict in a few words, with how much was checked."""
        if self.verdict == "empty":
            return "Empty map"
        if self.verdict == "unreliable":
            return "Unreliable map"
        how = "Quick" if self.checked == "cheap" else "All"
        return f"{how} checks: nothing against this map"

    def to_json(self) -> dict[str, Any]:
        """The record that `predict --evidence --json` documents."""
        curves = self.curves
        return {
            "verdict": self.verdict,
            "checked": self.checked,
            "reasons": list(self.reasons),
            "notes": list(self.notes),
            "outside": self.outside,
            "outside_evenly": self.outside_evenly,
            "agreement": dict(self.agreement),
            "curves": curves
            and {
                "share": list(curves.share),
                "deletion": list(curves.deletion),
                "insertion": list(curves.insertion),
                "deletion_area": curves.deletion_area,
                "insertion_area": curves.insertion_area,
                "random_deletion_areas": list(curves.random_deletion_areas),
                "random_insertion_areas": list(curves.random_insertion_areas),
            },
            "similarity": dict(self.similarity) if self.similarity is not None else None,
        }


def cheap_evidence(
    map: Float32, pixels: NDArray[np.uint8], crop: Crop, others: Mapping[str, Float32]
) -> Evidence:
    """What can be measured of a map at once.

    Args:
        map: float32 (S, S), raw and at least 0, over the prepared square.
        pixels: The prepared square, uint8 RGB (S, S, 3).
        crop: How the head is told from the background.
        others: Maps of the same scan and class by other methods, (S, S) each.
    """
    head = head_mask(pixels, crop)
    total = float(map.sum())
    return Evidence(
        empty=total <= 0,
        outside=float(map[~head].sum()) / total if total > 0 else None,
        outside_evenly=float((~head).mean()),
        agreement={name: rank_correlation(map, other) for name, other in others.items()},
    )


def rank_correlation(one: Float32, other: Float32) -> float | None:
    """Spearman's rank correlation of two maps (H, W), on `GRID` cells a side.

    None where one of them is the same everywhere, as ranks are undefined there.
    """
    a, b = (cv2.resize(map, (GRID, GRID), interpolation=cv2.INTER_AREA) for map in (one, other))
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(spearmanr(a, b, axis=None).statistic)
