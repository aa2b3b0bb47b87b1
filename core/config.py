"""Protocols, stages and limits, as frozen data.

A protocol says everything that decides a result: how scans are cropped, scaled, augmented
and split, what the head looks like and what each stage unfreezes. Code reads it; no code
elsewhere holds a number that belongs here. The two presets are `REPORT`, the student
report's experiment as it was, and `LEAKFREE`, the one to trust.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from core.errors import SettingError

Scaling = Literal["unit", "imagenet"]
"""`unit` is RGB x 1/255; `imagenet` is BGR minus the ImageNet mean, as VGG19 was trained."""


class Frozen(BaseModel):
    """Immutable, closed to unknown fields: a typing error in a setting is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Crop(Frozen):
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


class Input(Frozen):
    """From a cropped scan to what the network sees."""

    size: int = Field(240, ge=32, le=512, description="side of the square, pixels")
    fit: Literal["stretch", "letterbox"] = "stretch"
    scaling: Scaling = "unit"


class Augmentation(Frozen):
    """Random views of a picture: seeded, finite in number, so that they can be cached."""

    rotation: float = Field(10.0, ge=0, le=180, description="largest turn either way, degrees")
    horizontal_flip: bool = True
    vertical_flip: bool = True
    brightness: tuple[float, float] = (0.3, 1.0)
    shift: float = Field(0.10, ge=0, le=0.5, description="largest shift, share of each side")
    shear: float = Field(0.10, ge=0, le=1, description="largest shear factor either way")
    positive_views: int = Field(6, ge=0, description="views of a positive picture, beside itself")
    negative_views: int = Field(13, ge=0, description="views of a negative picture, beside itself")
    applies_to: Literal["everything", "training"] = "everything"
    order: Literal["before crop", "after crop"] = "before crop"
    seed: int = Field(7, ge=0, description="of the views alone, so that repetitions share them")


class Split(Frozen):
    """How a folder of class folders is divided. A folder that is split already keeps its own."""

    unit: Literal["picture", "group"]
    """`picture` deals out augmented pictures one by one, so that siblings part company;
    `group` keeps an original, its views and its near copies together."""
    validation: float = Field(0.10, gt=0, lt=0.5)
    test: float = Field(0.10, gt=0, lt=0.5)


class Head(Frozen):
    """The classifier on top of VGG19; softmax over two classes follows."""

    pooling: Literal["flatten", "average"] = "flatten"
    units: tuple[int, ...] = (1024, 256)
    dropout: float = Field(0.3, ge=0, lt=1, description="after the first dense layer")


class Stage(Frozen):
    """One step of fine-tuning: what is unfrozen beside the head, how fast, how long."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    unfrozen: tuple[str, ...] = Field(
        description="layer names, or beginnings of them, inside VGG19 that train"
    )
    learning_rate: float = Field(gt=0)
    epochs: int = Field(ge=1)
    steps_per_epoch: int | None = Field(None, ge=1, description="none: every picture once")

    def unfreezes(self, layer: str) -> bool:
        """Whether the VGG19 layer of this name trains in this stage."""
        return layer.startswith(self.unfrozen) if self.unfrozen else False


class Training(Frozen):
    """What all stages share."""

    batch_size: int = Field(32, ge=1)
    patience: int = Field(4, ge=1, description="epochs without a lower validation loss")
    plateau_patience: int = Field(3, ge=1, description="epochs without a higher accuracy")
    plateau_factor: float = Field(0.5, gt=0, lt=1, description="of the learning rate")
    precision: Literal["float32", "mixed_bfloat16"] = "float32"


class Protocol(Frozen):
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
        try:
            changed = Stage.model_validate(self.stage(name).model_dump() | changes)
        except ValidationError as error:
            problem = error.errors()[0]
            raise SettingError(
                f"a possible {problem['loc'][0]} for {name}",
                f"{problem['input']} was given ({problem['msg'].lower()})",
                "Choose another value.",
            ) from error
        stages = tuple(changed if s.name == name else s for s in self.stages)
        return self.model_copy(update={"stages": stages})

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
            branch, name = _place(tree, path)
            branch[name] = _read(value, several=isinstance(branch[name], tuple))
        tree["stages"] = tuple(tree["stages"].values())
        try:
            return Protocol.model_validate(tree)
        except ValidationError as error:
            raise _impossible(error, self, settings) from error

    def setting(self, path: str) -> object:
        """The value of one setting (see `with_settings`).

        Raises:
            SettingError: There is no such setting.
        """
        branch, name = _place(self._tree(), path)
        return branch[name]

    def _tree(self) -> dict[str, Any]:
        """All settings as nested dictionaries, stages by their name."""
        tree = self.model_dump()
        return tree | {"stages": {stage["name"]: stage for stage in tree["stages"]}}

    def before(self, name: str) -> Stage | None:
        """The stage whose best checkpoint the named one starts from; none for the first."""
        position = self.stages.index(self.stage(name))
        return self.stages[position - 1] if position else None


def _place(tree: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """The branch of the tree that a path ends in, and the name of its leaf there."""
    *way, last = path.split(".")
    branch = tree
    for depth, name in enumerate((*way, last)):
        leaf = depth == len(way)
        if name not in branch or isinstance(branch[name], dict) == leaf:
            above = "".join(f"{step}." for step in way[:depth])
            inner = branch[name] if isinstance(branch.get(name), dict) else None
            if inner is not None:  # the path names a group of settings
                above, branch = f"{above}{name}.", inner
            known = [f"{above}{n}" + (".…" if isinstance(branch[n], dict) else "") for n in branch]
            raise SettingError(
                f"one of the settings {', '.join(known)}",
                f"'{path}' was given",
                "Choose a setting from the list.",
            )
        if not leaf:
            branch = branch[name]
    return branch, last


def _read(value: object, *, several: bool) -> object:
    """A value that may come as text from a shell; pydantic makes numbers of it."""
    if not isinstance(value, str):
        return value
    if several:
        return [item.strip() for item in value.strip("()[]").split(",") if item.strip()]
    return None if value.casefold() == "none" else value


def _impossible(
    error: ValidationError, protocol: Protocol, settings: Mapping[str, object]
) -> SettingError:
    """What pydantic has against a setting, in words."""
    problem = error.errors()[0]
    steps = list(problem["loc"])
    if steps[:1] == ["stages"] and len(steps) > 1:
        steps[1] = protocol.stages[int(steps[1])].name
    path = ".".join(map(str, steps))
    name = next((p for p in settings if path == p or path.startswith(f"{p}.")), None)
    reason = problem["msg"].removeprefix("Value error, ")
    return SettingError(
        f"a possible {name or 'combination of settings'}",
        f"{settings[name] if name else ', '.join(map(str, settings.values()))} was given "
        f"({reason[0].lower()}{reason[1:]})",
        "Choose another value.",
    )


FIVE_STAGES = (
    Stage(
        name="baseline",
        title="Baseline",
        unfrozen=(),
        learning_rate=3e-4,
        epochs=20,
    ),
    Stage(
        name="stage1",
        title="Stage 1",
        unfrozen=("block5_conv3", "block5_conv4"),
        learning_rate=1e-4,
        epochs=10,
    ),
    Stage(
        name="stage2",
        title="Stage 2",
        unfrozen=("block5",),
        learning_rate=5e-5,
        epochs=10,
    ),
    Stage(
        name="stage3",
        title="Stage 3",
        unfrozen=("block4", "block5"),
        learning_rate=2e-5,
        epochs=10,
    ),
    Stage(
        name="final",
        title="Final",
        unfrozen=("block1", "block2", "block3", "block4", "block5"),
        learning_rate=1e-5,
        epochs=10,
    ),
)

REPORT = Protocol(
    name="report",
    title="Report",
    caveat=(
        "Optimistic: pictures are augmented before they are split, so copies of one scan land "
        "in both training and test. Read these numbers as memory, not as skill."
    ),
    augmentation=Augmentation(),
    split=Split(unit="picture"),
    stages=FIVE_STAGES,
)

LEAKFREE = Protocol(
    name="leakfree",
    title="Leak-free",
    input=Input(scaling="imagenet"),
    # Fewer views than the report: each is a pass through the frozen layers. 2 and 5 make three
    # pictures of a positive and six of a negative scan, which balances 2:1 as well as 6 and 13.
    augmentation=Augmentation(
        applies_to="training", order="after crop", positive_views=2, negative_views=5
    ),
    split=Split(unit="group", validation=0.15, test=0.20),
    stages=FIVE_STAGES,
)

# The leak-free protocol made small: five stages in a few minutes on two cores, from ImageNet
# weights or from random ones. With random weights a high rate undoes what the stage before
# has learned, in the first steps of Adam; the rates here were chosen for that.
DEMO = (
    LEAKFREE.model_copy(
        update={
            "name": "demo",
            "title": "Demonstration",
            "caveat": "Simulated scans. These numbers say nothing about real ones.",
            "input": Input(size=96, scaling="imagenet"),
            "augmentation": LEAKFREE.augmentation.model_copy(
                update={
                    "vertical_flip": False,
                    "brightness": (0.8, 1.0),
                    "positive_views": 1,
                    "negative_views": 1,
                }
            ),
            "split": Split(unit="group", validation=0.15, test=0.25),
            "head": Head(units=(128, 32)),
        }
    )
    .with_stage("baseline", learning_rate=3e-4, epochs=30)
    .with_stage("stage1", learning_rate=2e-5, epochs=6)
    .with_stage("stage2", learning_rate=1e-5, epochs=6)
    .with_stage("stage3", learning_rate=1e-5, epochs=4)
    .with_stage("final", learning_rate=5e-6, epochs=2)
)

PROTOCOLS = {protocol.name: protocol for protocol in (LEAKFREE, REPORT)}


def protocol(name: str) -> Protocol:
    """The preset of this name.

    Raises:
        SettingError: There is none.
    """
    if name not in PROTOCOLS:
        raise SettingError(
            f"one of the protocols {', '.join(PROTOCOLS)}",
            f"'{name}' was given",
            "Choose leakfree unless you want to repeat the report.",
        )
    return PROTOCOLS[name]
