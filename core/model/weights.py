"""Where VGG19 starts from: a named file, Keras's cache or download, or random values."""

import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import WeightsError
from core.storage import is_file, replacing

# What keras.applications.VGG19(weights="imagenet", include_top=False) downloads, and where
# Keras keeps it, so that either program finds what the other has fetched.
URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
    "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
MD5 = "253f8cb515780f3b799900260a226db6"
CONNECT_SECONDS = 5.0

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Weights:
    """What to start from. `path` is none for random values."""

    source: Literal["file", "keras", "random"]
    path: Path | None = None
    sha256: str | None = None


def find_weights(
    path: Path | None = None,
    *,
    search: bool = True,
    url: str = URL,
    md5: str = MD5,
    progress: Progress | None = None,
) -> Weights:
    """Find ImageNet weights: the path given, `VGG19_WEIGHTS`, Keras's cache, a download.

    Args:
        path: A weights file; one that is named but absent is an error, not a fallback.
        search: Whether to look further where no file is named.
        url: Where to download from.
        md5: Checksum of the download.
        progress: Called with the bytes received and the bytes expected.

    Returns:
        The weights found; `Weights("random")` when none can be had or looked for, or when the
        environment variable `NEUROSTAGE_OFFLINE` forbids to ask the internet.

    Raises:
        WeightsError: A file was named and is not there.
    """
    if named := named_weights(path):
        return Weights("file", named, file_sha256(named))
    if not search:
        return Weights("random")
    cached = keras_cache() / url.rsplit("/", 1)[-1]
    if not cached.is_file():
        if offline():
            return Weights("random")
        try:
            download(url, cached, md5=md5, progress=progress)
        except (OSError, WeightsError):
            return Weights("random")
    return Weights("keras", cached, file_sha256(cached))


def named_weights(path: Path | None = None) -> Path | None:
    """The weights file that is named: the path given, else `VGG19_WEIGHTS`; none if neither is.

    Raises:
        WeightsError: It is not there.
    """
    named = path or (Path(os.environ["VGG19_WEIGHTS"]) if os.environ.get("VGG19_WEIGHTS") else None)
    if named is not None and not is_file(named):
        raise WeightsError(
            "a weights file of VGG19 without its top",
            f"there is no file {named}",
            "Correct the path, or leave it out to let the weights be downloaded.",
        )
    return named


def keras_cache() -> Path:
    """Folder in which Keras keeps model weights."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "models"


def kept_by_keras() -> bool:
    """Whether Keras has the weights, so that nothing need be downloaded."""
    return is_file(keras_cache() / URL.rsplit("/", 1)[-1])


def offline() -> bool:
    """Whether `NEUROSTAGE_OFFLINE` forbids to ask the internet."""
    return bool(os.environ.get("NEUROSTAGE_OFFLINE"))


def download(url: str, target: Path, *, md5: str, progress: Progress | None = None) -> None:
    """Fetch a file, check it, and put it in its place whole.

    Raises:
        OSError: No connection within a few seconds, or it broke off.
        WeightsError: What came is not what was expected.
    """
    digest = hashlib.md5(usedforsecurity=False)
    with replacing(target) as temporary:
        with (
            urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as response,  # noqa: S310
            temporary.open("wb") as file,
        ):
            total = int(response.headers.get("Content-Length") or 0)
            received = 0
            while chunk := response.read(1 << 18):
                file.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                if progress:
                    progress(received, total)
        if digest.hexdigest() != md5:
            raise WeightsError(
                f"a file with MD5 {md5}",
                f"the download has {digest.hexdigest()}",
                "Try again later, or name a weights file of your own.",
            )


def file_sha256(path: Path) -> str:
    """Fingerprint of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
