"""Protocols that train in seconds."""

from core.config import Head, Protocol, Stage
from core.protocols import LEAKFREE


def tiny(size: int, units: tuple[int, ...], stages: tuple[Stage, ...]) -> Protocol:
    """`leakfree` with small pictures and a small head, one view a scan and batches of eight."""
    return LEAKFREE.model_copy(
        update={
            "input": LEAKFREE.input.model_copy(update={"size": size, "scaling": "unit"}),
            "head": Head(units=units),
            "augmentation": LEAKFREE.augmentation.model_copy(
                update={"positive_views": 1, "negative_views": 1}
            ),
            "training": LEAKFREE.training.model_copy(update={"batch_size": 8}),
            "stages": stages,
        }
    )
