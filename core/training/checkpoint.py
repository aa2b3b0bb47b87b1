"""The state of a stage between two epochs, in one file that is written whole.

Plain arrays and JSON, no pickle. Only what trains is stored: a frozen prefix is where it was.
"""

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from core.errors import RunError
from core.storage import replacing


def save(path: Path, model: keras.Model, state: Mapping[str, Any]) -> None:
    """Write trainable weights, optimizer state and `state` (JSON-ready)."""
    arrays = {f"variable{i:04d}": _numpy(v) for i, v in enumerate(_variables(model))}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, state=np.array(json.dumps(state)), **arrays)


def load(path: Path, model: keras.Model) -> dict[str, Any]:
    """Put weights and optimizer state back into a model compiled alike; return the state.

    Raises:
        RunError: The file is damaged. The model is left as it was.
    """
    variables = _variables(model)
    try:
        with np.load(path, allow_pickle=False) as stored:
            values = [stored[f"variable{i:04d}"] for i in range(len(variables))]
            state: dict[str, Any] = json.loads(str(stored["state"]))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise RunError(
            "a readable checkpoint", f"{path.name} is damaged", "Train that stage again."
        ) from error
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return state


def _variables(model: keras.Model) -> list[Any]:
    return [*model.trainable_variables, *model.optimizer.variables]


def _numpy(variable: Any) -> Any:
    return keras.ops.convert_to_numpy(variable)
