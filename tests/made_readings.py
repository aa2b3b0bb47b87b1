"""Readings with known answers, written through the log itself."""

import hashlib
from pathlib import Path

from core.readings.log import CALLS, Answer, Log


def answer(scan: int = 0, *, model: str = "sha-baseline", slice: int = 0) -> Answer:
    digest = hashlib.sha256(str(scan).encode()).hexdigest()
    return Answer(
        scan_sha256=digest,
        slice=slice,
        run="made",
        stage="baseline",
        model_sha256=model,
        positive="tumour",
        label="tumour",
        probability=0.1 + 0.2,
        trained_on=False,
    )


def written(folder: Path, count: int = 5) -> Log:
    log = Log(folder)
    for number in range(count):
        log.append(answer(number), CALLS[number % 3], f"note {number} – ä\u2028")
    return log
