"""How often a run answers for a brain and for anything else: `python -m benchmarks refusal RUN`.

Held-out scans, pictures that show no brain, and writing put on scans; tables in Markdown. With
`--crossval NAME` each scan is judged by the fold that held it out, and the rest by the first fold.

More is taken from `--photographs DIR`, which are judged whole, in grey, cut out and as discs on
black, and from `--pictures DIR`, one folder for each kind, whatever is at hand.
"""

import argparse
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from pydicom.data import get_testdata_files
from sklearn.datasets import load_sample_images

from benchmarks import _judged
from benchmarks._lines import note, say
from core.data.index import read_file, read_pixels
from core.errors import NeuroStageError, UnreadableScan
from core.evaluation.intervals import wilson
from core.imaging.lettering import has_lettering
from core.imaging.scans import open_scan
from core.prediction import Predictor
from core.training.runs import Run

SIDE = 256
BRAINS = ("693_", "J2K_pixelrep", "MR_small", "emri_small", "eCT_")
"""Test files of pydicom that show a brain, or too little of a body to tell."""

CUTS = 4
"""Of each photograph."""
LARGEST = 1024
"""Pixels of the longer side of a photograph; larger ones are reduced."""


def photographs(folder: Path | None) -> dict[str, list[np.ndarray]]:
    """Photographs: whole, in grey, cut-outs of them in grey, and discs on black, as a head lies.

    Args:
        folder: Of more than the two that scikit-learn carries; its subfolders count.
    """
    rng = np.random.default_rng(1)
    files = sorted(folder.rglob("*.*")) if folder else []
    whole = [*load_sample_images().images, *(_reduced(file) for file in files if file.is_file())]
    grey = [np.asarray(Image.fromarray(colour).convert("L")) for colour in whole]
    cuts, discs = [], []
    for picture in grey:
        for _ in range(CUTS):
            side = int(rng.integers(100, min(picture.shape)))
            top, left = (int(rng.integers(0, length - side + 1)) for length in picture.shape)
            cut = picture[top : top + side, left : left + side]
            y, x = np.mgrid[:side, :side] / side - 0.5
            cuts.append(cut)
            discs.append(np.where((x / 0.40) ** 2 + (y / 0.45) ** 2 < 1, cut, 0).astype(np.uint8))
    return {
        "photographs": whole,
        "photographs in grey": grey,
        "cut-outs of them in grey": cuts,
        "discs of them on black": discs,
    }


def _reduced(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        image.thumbnail((LARGEST, LARGEST))
        return np.asarray(image.convert("RGB"))


def pages() -> Iterator[np.ndarray]:
    """Lines of writing, black on white and white on black."""
    rng = np.random.default_rng(2)
    words = ("scan", "of", "the", "head", "without", "contrast", "no", "mass", "follow", "up")
    for number in range(16):
        page = Image.new("L", (int(rng.integers(300, 600)), 400), 255 * (number % 2))
        size = int(rng.integers(10, 24))
        font = ImageFont.load_default(size=size)
        for line in range(10, 380, round(1.4 * size)):
            text = " ".join(rng.choice(words, 12))
            ImageDraw.Draw(page).text((12, line), text, fill=255 * (1 - number % 2), font=font)
        yield np.asarray(page)


def charts() -> Iterator[np.ndarray]:
    """Lines, bars and pies with axes."""
    rng = np.random.default_rng(3)
    for number in range(24):
        ground, ink = (255, 0) if number % 2 else (0, 255)
        chart = Image.new("L", (400, 300), ground)
        draw = ImageDraw.Draw(chart)
        draw.line([(40, 20), (40, 260), (380, 260)], fill=ink, width=2)
        values = rng.uniform(30, 230, 12)
        if number % 3 == 0:
            draw.line([(40 + 28 * k, 260 - v) for k, v in enumerate(values)], fill=ink, width=3)
        elif number % 3 == 1:
            for k, v in enumerate(values):
                draw.rectangle((46 + 28 * k, 260 - v, 64 + 28 * k, 258), fill=int(100 + v / 2))
        else:
            start = 0.0
            for k, share in enumerate(360 * values / values.sum()):
                draw.pieslice((90, 30, 310, 250), start, start + share, fill=20 * k + 15)
                start += share
        yield np.asarray(chart.filter(ImageFilter.GaussianBlur(0.7)))


def patterns() -> Iterator[np.ndarray]:
    """Noise, clouds, gradients, waves, and bright shapes on black."""
    rng = np.random.default_rng(4)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    for blur in (0, 1, 2, 3, 5, 8, 12, 20):
        noise = Image.fromarray(rng.integers(0, 256, (SIDE, SIDE), np.uint8))
        cloud = np.asarray(noise.filter(ImageFilter.GaussianBlur(blur)), float)
        yield _stretched(cloud)
        yield np.where(np.hypot(x - 0.5, y - 0.5) < 0.4, _stretched(cloud), 0).astype(np.uint8)
        yield _stretched(np.sin(x * rng.uniform(5, 60) + y * rng.uniform(5, 60)))
        yield _stretched(x * rng.uniform(-1, 1) + y * rng.uniform(-1, 1))
        shapes = Image.new("L", (SIDE, SIDE))
        for _ in range(int(rng.integers(1, 5))):
            left, top = (int(value) for value in rng.integers(10, 150, 2))
            across, down = (int(value) for value in rng.integers(30, 100, 2))
            box = (left, top, left + across, top + down)
            ImageDraw.Draw(shapes).ellipse(box, fill=int(rng.integers(90, 255)))
        yield np.asarray(shapes)


def other_dicom() -> Iterator[np.ndarray]:
    """Pydicom's test files: ultrasound, CT, X-rays, other parts of the body; pixels alone."""
    seen = set()
    for path in sorted(map(Path, get_testdata_files("*.dcm"))):
        try:
            pixels = open_scan(path.read_bytes(), "").slice().pixels
        except UnreadableScan:
            continue
        small = Image.fromarray(pixels).resize((16, 16)).tobytes()
        if not path.name.startswith(BRAINS) and small not in seen:
            seen.add(small)
            yield pixels


def _stretched(values: np.ndarray) -> np.ndarray:
    low, high = values.min(), values.max()
    return ((values - low) * 255 / max(high - low, 1e-9)).astype(np.uint8)


def png(pixels: np.ndarray) -> bytes:
    """Grey or RGB pixels as a PNG file."""
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def held_out(run: Run, parts: tuple[str, ...]) -> list[bytes]:
    """The run's scans of these parts, each once."""
    split = run.split()
    rows = split[split["split"].isin(parts) & (split["view"] == 0)]
    return [read_file(Path(run.config.data.root) / file) for file in rows["file"]]


def share(count: int, total: int) -> str:
    """A share with its interval, for a table."""
    low, high = wilson(count, total) or (0.0, 1.0)
    return f"{count} of {total}: {count / total:.1%} ({low:.1%}–{high:.1%})"


def refusals(predictor: Predictor, kinds: dict[str, list[bytes]]) -> list[str]:
    """A line of the table for each kind: what was refused, by rules and by distance."""
    lines, refused, total = [], 0, 0
    for kind, files in kinds.items():
        found = list(predictor.predict_many((data, "") for data in files))
        found = [one for one in found if one.status != "unreadable"]
        if not found:
            continue
        ours = [one for one in found if one.status == "refused"]
        by_rule = sum(one.distance is None for one in ours)
        near = min((one.distance for one in found if one.distance is not None), default=np.nan)
        note(f"{kind}: {len(ours)} of {len(found)}")
        lines.append(
            f"| {kind} | {share(len(ours), len(found))} | {by_rule} | {len(ours) - by_rule} "
            f"| {near:.2f} |"
        )
        refused, total = refused + len(ours), total + len(found)
    return [*lines, f"| **all** | {share(refused, total)} | | | |"]


def lettering(predictor: Predictor) -> list[str]:
    """How often writing is found that was put on held-out scans, and where none was put."""
    rng = np.random.default_rng(5)
    split = predictor.run.split()
    rows = split[split["view"] == 0].drop_duplicates("file")
    root = Path(predictor.run.config.data.root)
    before = after = 0
    for file, sha256 in zip(rows["file"], rows["sha256"], strict=True):
        pixels = read_pixels(root, file, sha256)
        before += has_lettering(pixels)
        image = Image.fromarray(pixels)
        size = int(rng.integers(9, max(11, image.height // 18)))
        font, text = ImageFont.load_default(size=size), "DOE^JANE 1950"
        left = rng.choice([0.02 * image.width, 0.98 * image.width - 8 * size])
        top = rng.choice([0.02 * image.height, 0.97 * image.height - 1.2 * size])
        grey = np.asarray(image.convert("L"))
        dark = np.median(np.r_[grey[0], grey[-1], grey[:, 0], grey[:, -1]]) <= 127
        ImageDraw.Draw(image).text(
            (max(0, left), top), text, fill=(255,) * 3 if dark else (0,) * 3, font=font
        )
        after += has_lettering(np.asarray(image))
    return [
        f"| a name of 9 pixels and more at a corner | {share(after, len(rows))} |",
        f"| the scans as they are | {share(before, len(rows))} |",
    ]


def _last_stage(run: Run) -> Predictor:
    return Predictor(run, _judged.stages_with_model(run)[-1])


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks refusal")
    _judged.add_to(parser)
    parser.add_argument("--photographs", type=Path, help="folder of photographs")
    parser.add_argument("--pictures", type=Path, help="folders of pictures without a brain")
    options = parser.parse_args()
    try:
        say(report(_judged.runs(options), options))
    except NeuroStageError as error:
        sys.exit(str(error))


def report(runs: list[Run], options: argparse.Namespace) -> str:
    """The tables, in Markdown."""
    parts = _judged.parts(options)
    accepted = total = 0
    for run in runs:
        predictor, scans = _last_stage(run), held_out(run, parts)
        found = [one.status for one in predictor.predict_many((data, "") for data in scans)]
        accepted, total = accepted + found.count("ok"), total + len(found)
        note(f"{run.name}: {found.count('ok')} of {len(found)}")
    predictor = _last_stage(runs[0])
    made = {
        **photographs(options.photographs),
        "pages of writing": pages(),
        "charts": charts(),
        "noise, clouds, gradients, shapes": patterns(),
        "DICOM of other kinds, pixels alone": other_dicom(),
    }
    kinds = {kind: [png(pixels) for pixels in pictures] for kind, pictures in made.items()}
    for folder in sorted(options.pictures.iterdir()) if options.pictures else ():
        kinds[folder.name] = [path.read_bytes() for path in sorted(folder.iterdir())]
    typical = predictor.typicality
    return "\n".join(
        [
            f"{typical.scans if typical else 'No'} training scans set the limit of the run that "
            "judged what is no brain.\n",
            "| held-out scans | accepted |\n|---|---|",
            f"| {' and '.join(parts)} | {share(accepted, total)} |\n",
            "| no brain | refused | by rule | by distance | nearest |\n|---|---|---|---|---|",
            *refusals(predictor, kinds),
            "\n| picture | warned of writing |\n|---|---|",
            *lettering(predictor),
        ]
    )


if __name__ == "__main__":
    main()
