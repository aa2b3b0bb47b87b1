"""The protocols that come with the program.

`REPORT` is the student report's experiment as it was, `LEAKFREE` the one to trust, and `DEMO` what
the simulated scans are trained by.
"""

from core.config import Augmentation, Head, Input, Protocol, Split, Stage, Training
from core.errors import SettingError

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

# Chosen by grouped cross-validation (docs/results.md): a head that compares left with right, on
# scans that are put upright first, and views that leave a head as symmetric as it is. Levels are
# spread and varied, and views blurred, because scans of other hospitals differ in window, gain and
# resolution. Rates are low because the head starts where it is right on all it trains on: at ten
# times these, convolutions learn the training scans by heart within an epoch.
LEAKFREE = (
    Protocol(
        name="leakfree",
        title="Leak-free",
        input=Input(levels="percentile", upright=True, scaling="imagenet"),
        augmentation=Augmentation(
            rotation=5,
            vertical_flip=False,  # heads are scanned one way up
            brightness=(0.7, 1.2),
            shift=0.02,
            shear=0.03,
            zoom=0.1,
            gamma=1.4,
            blur=0.008,
            positive_views=2,
            negative_views=2,
            applies_to="training",
            order="after crop",
        ),
        split=Split(unit="group", validation=0.15, test=0.20),
        head=Head(
            pooling="symmetry",
            layers=("block3_pool", "block4_pool", "block5_pool"),
            start="regression",
            units=(),
        ),
        stages=FIVE_STAGES,
        training=Training(patience=3, class_weights=True),
    )
    .with_stage("baseline", learning_rate=1e-5, epochs=10)
    .with_stage("stage1", learning_rate=3e-6)
    .with_stage("stage2", learning_rate=2e-6)
    .with_stage("stage3", learning_rate=1e-6)
    .with_stage("final", learning_rate=5e-7)
)

# Five stages in a few minutes on two cores, from ImageNet weights or from random ones. With
# random weights a high rate undoes what the stage before has learned, in the first steps of
# Adam; the rates here were chosen for that.
DEMO = (
    Protocol(
        name="demo",
        title="Demonstration",
        caveat="Simulated scans. These numbers say nothing about real ones.",
        input=Input(size=96, scaling="imagenet"),
        augmentation=Augmentation(
            vertical_flip=False,
            brightness=(0.8, 1.0),
            positive_views=1,
            negative_views=1,
            applies_to="training",
            order="after crop",
        ),
        split=Split(unit="group", validation=0.15, test=0.25),
        head=Head(units=(128, 32)),
        stages=FIVE_STAGES,
    )
    .with_stage("baseline", learning_rate=3e-4, epochs=30)
    .with_stage("stage1", learning_rate=2e-5, epochs=6)
    .with_stage("stage2", learning_rate=1e-5, epochs=6)
    .with_stage("stage3", learning_rate=1e-5, epochs=4)
    .with_stage("final", learning_rate=5e-6, epochs=2)
)

PROTOCOLS = {protocol.name: protocol for protocol in (LEAKFREE, REPORT)}


def changed_settings(protocol: Protocol) -> dict[str, object]:
    """Settings in which a protocol differs from the preset of its name, by path."""
    usual = PROTOCOLS.get(protocol.name, protocol).settings()
    own = protocol.settings()
    return {p: value for p, value in own.items() if p not in usual or usual[p] != value}


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
