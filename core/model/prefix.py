"""Outputs of frozen layers, computed once and kept on disk.

A frozen prefix never changes, so neither does what it makes of a picture. The cache is keyed
by the content of the pictures, their scaling and the weights of the prefix: whatever would
change an activation changes its key, and stale entries are never read, only evicted.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from core.config import Scaling
from core.imaging.preprocessing import scale
from core.model.architecture import LAST_LAYER, VGG19_LAYERS
from core.model.digests import layer_digests
from core.model.stages import cut_shape, layer_of, prefix_model
from core.storage import write_text

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]

BATCH = 32
DEFAULT_LIMIT = 20 * 10**9
# Left free on the disk, for checkpoints and for the rest of the computer.
RESERVE = 4 * 10**9


class PrefixCache:
    """Memory-mapped activations in one folder, bounded in size.

    Args:
        folder: Where the entries lie; made when needed.
        limit: Largest total size of the entries, bytes.
    """

    def __init__(self, folder: Path, limit: int = DEFAULT_LIMIT) -> None:
        self.folder = folder
        self.limit = limit

    def activations(
        self,
        model: keras.Model,
        cuts: Sequence[str],
        pictures: UInt8,
        scaling: Scaling,
        *,
        later: Sequence[str] = (),
        each_batch: Callable[[int, int], None] | None = None,
    ) -> dict[str, Float32]:
        """What `cuts` give of all pictures, from disk or computed in one pass.

        What `later` stages will need comes along in the same pass, as far as the limit and the
        disk allow.

        Args:
            model: The full model; the layers up to each cut must be frozen from now on.
            cuts: Names of VGG19's layers, or averages of them (`core.model.stages.average_of`).
            pictures: uint8 (n, size, size, 3).
            scaling: See `core.imaging.preprocessing.scale`.
            later: Further cuts.
            each_batch: Called with pictures done and pictures in all; what it raises ends
                the computation, which a later call continues where it stopped.

        Returns:
            For each cut on disk a read-only memory-mapped float32 (n, …). A cut is missing
            when there is no room for all of them: then train without the cache.
        """
        keys = self._keys(model, [*cuts, *later], pictures, scaling)
        present = {cut: self._path(key) for cut, key in keys.items() if self._path(key).is_file()}
        needed = [cut for cut in cuts if cut not in present]
        if needed:
            missing = [cut for cut in keys if cut not in present]
            wanted = self._make_room(model, missing, len(pictures), keep=set(keys.values()))
            if set(needed) <= set(wanted):
                self._fill(model, {cut: keys[cut] for cut in wanted}, pictures, scaling, each_batch)
                present |= {cut: self._path(keys[cut]) for cut in wanted}
        for path in present.values():
            path.touch()  # the age of an entry is the time since it was last wanted
        return {cut: np.load(path, mmap_mode="r") for cut, path in present.items()}

    def _fill(
        self,
        model: keras.Model,
        keys: dict[str, str],
        pictures: UInt8,
        scaling: Scaling,
        each_batch: Callable[[int, int], None] | None,
    ) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        prefix = prefix_model(model, list(keys))
        # The name tells which cuts are computed together, so that a continuation finds the
        # rows of every one of them equally far.
        together = hashlib.sha256("".join(keys.values()).encode()).hexdigest()[:16]
        marker = self.folder / f"{together}.rows"
        partial = {cut: self.folder / f"{key}.{together}.partial" for cut, key in keys.items()}
        for key in keys.values():  # of other cuts together: no use, and in the way
            for other in set(self.folder.glob(f"{key}.*.partial")) - set(partial.values()):
                other.unlink(missing_ok=True)
        done = _rows_done(marker, partial.values())
        if not done:
            # Or the rows of an older computation would be taken for those of this one.
            marker.unlink(missing_ok=True)
        # A function of its own, that nothing is mapped any more when files take their places.
        _compute(prefix, partial, done, pictures, scaling, marker, each_batch)
        for cut, key in keys.items():
            partial[cut].replace(self._path(key))
        marker.unlink(missing_ok=True)

    def _make_room(
        self, model: keras.Model, cuts: list[str], pictures: int, keep: set[str]
    ) -> list[str]:
        """Which of the cuts fit, the first ones first, after evicting what is oldest."""
        files = {path: path.stat() for path in self.folder.glob("*.*")}
        ours = {path for path in files if path.stem.split(".")[0] in keep}
        entries = sorted(files.keys() - ours, key=lambda path: files[path].st_mtime)
        kept = sum(files[path].st_size for path in ours if path.suffix == ".npy")
        evictable = sum(files[path].st_size for path in entries)
        free = shutil.disk_usage(_existing(self.folder)).free - RESERVE
        # What this computation had taken when it was stopped is its own already.
        free += sum(_allocated(files[path]) for path in ours if path.suffix == ".partial")
        room = min(self.limit - kept, free + evictable)
        wanted, needed = [], 0
        for cut in cuts:
            size = 4 * pictures * int(np.prod(cut_shape(model, cut)))
            if needed + size > room:
                break
            wanted.append(cut)
            needed += size
        used = kept + evictable
        for path in entries:
            if not wanted or (used + needed <= self.limit and needed <= free):
                break
            size = files[path].st_size
            try:
                path.unlink()
            except OSError:  # still mapped by another process, on Windows
                continue
            used -= size
            free += size
        return wanted

    def _keys(
        self, model: keras.Model, cuts: Sequence[str], pictures: UInt8, scaling: Scaling
    ) -> dict[str, str]:
        content = hashlib.sha256(np.ascontiguousarray(pictures).data)
        content.update(f"{pictures.shape} {scaling} {keras.backend.backend()}".encode())
        below = layer_digests(model, max(map(layer_of, cuts), key=VGG19_LAYERS.index))
        keys = {}
        for cut in cuts:
            key = content.copy()
            # What comes behind the layer's name is no part of the layer's digest.
            key.update(f"{below[layer_of(cut)]}{cut.removeprefix(layer_of(cut))}".encode())
            keys[cut] = key.hexdigest()[:32]
        return keys

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npy"


def _rows_done(marker: Path, partial: Iterable[Path]) -> int:
    """How many rows an interrupted computation has left; none where any part of it is gone."""
    try:
        return int(marker.read_text()) if all(path.is_file() for path in partial) else 0
    except (OSError, ValueError):
        return 0


def _compute(
    prefix: keras.Model,
    partial: Mapping[str, Path],
    done: int,
    pictures: UInt8,
    scaling: Scaling,
    marker: Path,
    each_batch: Callable[[int, int], None] | None,
) -> None:
    """Fill the files of all cuts, from the row on where an earlier computation ended."""
    arrays = {
        cut: np.lib.format.open_memmap(
            path,
            mode="r+" if done else "w+",
            dtype=np.float32,
            shape=None if done else (len(pictures), *prefix.output[cut].shape[1:]),
        )
        for cut, path in partial.items()
    }
    while done < len(pictures):
        rows = slice(done, min(done + BATCH, len(pictures)))
        outputs = prefix.predict_on_batch(scale(pictures[rows], scaling))
        for cut, array in arrays.items():
            array[rows] = keras.ops.convert_to_numpy(outputs[cut])
            array.flush()
        done = rows.stop
        write_text(marker, str(done))
        if each_batch:
            each_batch(done, len(pictures))


def last_layer_averages(
    model: keras.Model,
    inputs: NDArray[np.generic],
    rows: NDArray[np.intp],
    scaling: Scaling,
    *,
    each_batch: Callable[[int, int], None],
) -> Float32:
    """VGG19's last layer averaged over the picture: 512 numbers that say what is in it.

    Args:
        model: The full model.
        inputs: uint8 pictures (n, size, size, 3), or the last layer's activations of them.
        rows: Of the inputs, the ones wanted.
        scaling: See `core.imaging.preprocessing.scale`.
        each_batch: Called with rows done and rows in all.
    """
    last = model.get_layer(LAST_LAYER)
    prefix = keras.Model(model.input, last.output) if inputs.dtype == np.uint8 else None
    averages = np.empty((len(rows), last.output.shape[-1]), np.float32)
    for start in range(0, len(rows), BATCH):
        batch = np.asarray(inputs[rows[start : start + BATCH]])
        if prefix is not None:
            batch = keras.ops.convert_to_numpy(prefix.predict_on_batch(scale(batch, scaling)))
        averages[start : start + BATCH] = batch.astype(np.float32).mean(axis=(1, 2))
        each_batch(min(start + BATCH, len(rows)), len(rows))
    return averages


def _allocated(found: os.stat_result) -> int:
    """Bytes of the disk that a file takes; one that is written piece by piece may have holes."""
    blocks: int | None = getattr(found, "st_blocks", None)  # Windows tells none
    return found.st_size if blocks is None else 512 * blocks


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
