"""Protocols and their stages, as frozen data.

A protocol says everything that decides a result: how scans are cropped, scaled, augmented
and split, what the head looks like and what each stage unfreezes. Code reads it; no code
elsewhere holds a number that belongs in one. Those that come with the program are in
`core/protocols.py`.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from core.errors import SettingError
from core.settings import leaves, place, read, refusal
from core.storage import read_bytes, version

Scaling = Literal["unit", "imagenet"]
"""`unit` is RGB x 1/255; `imagenet` is BGR minus the ImageNet mean, as VGG19 was trained."""

_VGG19_LAYERS = re.compile(r"block([12](_conv[12])?|[345](_conv[1-4])?)")
_VGG19_LAYER = re.compile(r"block([12]_conv[12]|[345]_conv[1-4]|[1-5]_pool)")


class Frozen(BaseModel):
    """Immutable, closed to unknown fields: a typing error in a setting is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def of_file(cls, file: Path) -> Self:
        """What a file holds as JSON, parsed again only when it has been written anew.

        Raises:
            OSError: It cannot be read.
            ValidationError: It holds something else.
        """
        found: Self = _parsed(cls, file, version(file))
        return found


@lru_cache(maxsize=4096)
def _parsed(kind: type[Frozen], file: Path, _version: tuple[int, ...] | None) -> Any:
    return kind.model_validate_json(read_bytes(file))


class Settings(Frozen):
    """A part of a protocol: its numbers are finite, or no file could hold them."""

    model_config = ConfigDict(allow_inf_nan=False)


class Crop(Settings):
    """Crop to the brain by threshold and largest contour (report, section 2.1)."""

    blur: int = Field(5, ge=1, description="side of the Gaussian kernel, odd, pixels")
    threshold: int = Field(45, ge=0, le=255, description="grey level above which is head")
    iterations: int = Field(2, ge=0, description="erosions, then as many dilations")
    minimum_share: float = Field(
        0.10, ge=0, le=1, description="a box below this share of the picture is a failed crop"
    )

    @field_validator("blur")
    @classmethod
    def _has_a_middle(cls, blur: int) -> int:
        if blur % 2 == 0:
            raise ValueError(f"the side of the kernel must be odd, not {blur}")
        return blur


class Input(Settings):
    """From a cropped scan to what the network sees."""

    size: int = Field(240, ge=32, le=512, description="side of the square, pixels")
    fit: Literal["stretch", "letterbox"] = "stretch"
    levels: Literal["stored", "percentile"] = Field(
        "stored",
        description="percentile: the 1st and 99th of the crop become black and white, so that "
        "scanners and windows differ less",
    )
    upright: bool = Field(
        False, description="the head is turned so that its left half is most like its right"
    )
    scaling: Scaling = "unit"


class Augmentation(Settings):
    """Random views of a picture: seeded, finite in number, so that they can be cached."""

    rotation: float = Field(10.0, ge=0, le=180, description="largest turn either way, degrees")
    horizontal_flip: bool = True
    vertical_flip: bool = True
    brightness: tuple[float, float] = (0.3, 1.0)
    shift: float = Field(0.10, ge=0, le=0.5, description="largest shift, share of each side")
    shear: float = Field(0.10, ge=0, le=1, description="largest shear factor either way")
    zoom: float = Field(0.0, ge=0, lt=1, description="largest zoom either way, share of the size")
    gamma: float = Field(1.0, ge=1, description="largest exponent of grey levels, or its inverse")
    field: float = Field(
        0.0, ge=0, lt=1, description="largest change of brightness across the picture, either way"
    )
    noise: float = Field(0.0, ge=0, description="largest standard deviation, grey levels")
    blur: float = Field(
        0.0, ge=0, le=0.1, description="largest standard deviation, share of the longer side"
    )
    positive_views: int = Field(6, ge=0, description="views of a positive picture, beside itself")
    negative_views: int = Field(13, ge=0, description="views of a negative picture, beside itself")
    applies_to: Literal["everything", "training"] = "everything"
    order: Literal["before crop", "after crop"] = "before crop"
    seed: int = Field(7, ge=0, description="of the views alone, so that repetitions share them")

    @field_validator("brightness")
    @classmethod
    def _is_a_range(cls, brightness: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= brightness[0] <= brightness[1]:
            raise ValueError("two factors of at least 0 are needed, the smaller one first")
        return brightness


class Split(Settings):
    """How a folder of class folders is divided. A folder that is split already keeps its own."""

    unit: Literal["picture", "group"]
    """`picture` deals out augmented pictures one by one, so that siblings part company;
    `group` keeps an original, its views and its near copies together."""
    validation: float = Field(0.10, gt=0, lt=0.5)
    test: float = Field(0.10, gt=0, lt=0.5)


class Head(Settings):
    """The classifier on top of VGG19; softmax over two classes follows."""

    pooling: Literal["flatten", "average", "symmetry"] = Field(
        "flatten",
        description="symmetry: of each channel its average, its largest value, and how much it "
        "differs from its mirror image",
    )
    layers: tuple[str, ...] = Field(
        ("block5_pool",), min_length=1, description="of VGG19, that the head looks at"
    )
    start: Literal["random", "regression"] = Field(
        "random",
        description="regression: the last layer starts where logistic regression on what enters "
        "it ends",
    )
    units: tuple[Annotated[int, Field(ge=1)], ...] = (1024, 256)
    dropout: float = Field(0.3, ge=0, lt=1, description="after the first dense layer")

    @field_validator("layers")
    @classmethod
    def _are_of_vgg19(cls, layers: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_VGG19_LAYER.fullmatch(name) for name in layers):
            raise ValueError("layers (block5_pool, block4_conv4) of VGG19 are needed")
        # Without the last one VGG19 would end earlier, and stages and maps have nothing to go by.
        if "block5_pool" not in layers or len(set(layers)) < len(layers):
            raise ValueError("block5_pool is needed among the layers, and each of them once")
        return layers


class Stage(Settings):
    """One step of fine-tuning: what is unfrozen beside the head, how fast, how long."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    unfrozen: tuple[str, ...] = Field(
        description="layer names, or beginnings of them, inside VGG19 that train"
    )
    learning_rate: float = Field(gt=0)
    epochs: int = Field(ge=1)
    steps_per_epoch: int | None = Field(None, ge=1, description="none: every picture once")

    @field_validator("unfrozen")
    @classmethod
    def _is_of_vgg19(cls, unfrozen: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_VGG19_LAYERS.fullmatch(name) for name in unfrozen):
            raise ValueError("blocks (block5) or convolutions (block5_conv3) of VGG19 are needed")
        return unfrozen

    def unfreezes(self, layer: str) -> bool:
        """Whether the VGG19 layer of this name trains in this stage."""
        return layer.startswith(self.unfrozen) if self.unfrozen else False


class Training(Settings):
    """What all stages share."""

    batch_size: int = Field(32, ge=1)
    patience: int = Field(4, ge=1, description="epochs without a lower validation loss")
    plateau_patience: int = Field(3, ge=1, description="epochs without a higher accuracy")
    plateau_factor: float = Field(0.5, gt=0, lt=1, description="of the learning rate")
    class_weights: bool = Field(
        False, description="weigh pictures so that both classes count the same"
    )
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    precision: Literal["float32", "mixed_bfloat16"] = "float32"


class Protocol(Settings):
    """Everything that decides a result, by name."""

    name: str
    title: str
    caveat: str | None = Field(None, description="why its numbers must be read with care")
    crop: Crop = Crop()
    input: Input = Input()
    augmentation: Augmentation
    split: Split
    head: Head = Head()
    stages: tuple[Stage, ...]
    training: Training = Training()
    seed: int = Field(
        7, ge=0, lt=2**32, description="of the split, the head, the order of pictures, dropout"
    )

    @model_validator(mode="after")
    def _each_stage_unfreezes_more(self) -> Self:
        names = [stage.name for stage in self.stages]
        if len(set(names)) != len(names) or not names:
            raise ValueError(f"stage names must be present and differ: {names}")
        # What has trained must stay unfrozen: a frozen prefix is taken to be untouched.
        for former, later in pairwise(self.stages):
            if not all(later.unfreezes(layer) for layer in former.unfrozen):
                raise ValueError(f"{later.name} must unfreeze more than {former.name}")
        return self

    def stage(self, name: str) -> Stage:
        """The stage of this name.

        Raises:
            SettingError: There is none.
        """
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise SettingError(
            f"one of the stages {', '.join(s.name for s in self.stages)}",
            f"'{name}' was given",
            "Choose a stage from the list.",
        )

    def with_stage(self, name: str, **changes: object) -> "Protocol":
        """A copy in which one stage has other settings (see `Stage`).

        Raises:
            SettingError: There is no such stage, or the setting is not possible.
        """
        self.stage(name)
        return self.with_settings({f"stages.{name}.{key}": value for key, value in changes.items()})

    def with_settings(self, settings: Mapping[str, object]) -> "Protocol":
        """A copy in which these settings have other values.

        Args:
            settings: By path, as "input.fit", "head.units" or "stages.stage1.epochs". A value
                may be text: "3e-5", "true", "none", and "512,128" where several are wanted.

        Raises:
            SettingError: There is no such setting, or its value is not possible.
        """
        tree = self._tree()
        for path, value in settings.items():
            branch, name = place(tree, path)
            branch[name] = read(value, several=isinstance(branch[name], tuple))
        tree["stages"] = tuple(tree["stages"].values())
        try:
            return Protocol.model_validate(tree)
        except ValidationError as error:
            path, reason = refusal(error, {"stages": [stage.name for stage in self.stages]})
            given = {p: v for p, v in settings.items() if path == p or path.startswith(f"{p}.")}
            raise SettingError(
                f"a possible {next(iter(given), 'combination of settings')}",
                f"{', '.join(map(str, (given or settings).values()))} was given ({reason})",
                "Choose another value.",
            ) from error

    def setting(self, path: str) -> object:
        """The value of one setting (see `with_settings`).

        Raises:
            SettingError: There is no such setting.
        """
        branch, name = place(self._tree(), path)
        return branch[name]

    def settings(self) -> dict[str, object]:
        """All settings by path, as "input.fit" (see `with_settings`)."""
        return dict(leaves(self._tree()))

    def _tree(self) -> dict[str, Any]:
        """All settings as nested dictionaries, stages by their name."""
        tree = self.model_dump()
        return tree | {"stages": {stage["name"]: stage for stage in tree["stages"]}}

    def before(self, name: str) -> Stage | None:
        """The stage whose best checkpoint the named one starts from; none for the first."""
        position = self.stages.index(self.stage(name))
        return self.stages[position - 1] if position else None
