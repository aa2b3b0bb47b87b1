"""The ways to make a map, by name: what each is, and what it costs.

Known without TensorFlow, so that shell and pages can offer them; `core.explanation.maps`
computes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import SettingError

COARSE = "block5_conv4"
"""VGG19's last convolution: what its channels stand for is most abstract, and its cells are
largest, 16 pixels."""

FINE = "block4_conv4"
"""The last convolution of the block before: cells of 8 pixels."""


@dataclass(frozen=True)
class Method:
    """One way to make a map.

    Attributes:
        title: Its name among people.
        layer: The convolution whose cells the map has; none where it has the picture's pixels.
        slow: Whether it takes two or more passes through the network instead of about one.
        source: Where it was published.
    """

    title: str
    layer: str | None
    source: str
    slow: bool = False


METHODS: Mapping[str, Method] = {
    "grad-cam": Method("Grad-CAM", COARSE, "Selvaraju et al. 2017, arXiv:1610.02391"),
    "grad-cam++": Method("Grad-CAM++", COARSE, "Chattopadhyay et al. 2018, arXiv:1710.11063"),
    "layer-cam": Method("Layer-CAM", COARSE, "Jiang et al. 2021, doi:10.1109/TIP.2021.3089943"),
    "layer-cam-fine": Method(
        "Layer-CAM, block 4", FINE, "Jiang et al. 2021, doi:10.1109/TIP.2021.3089943"
    ),
    "layer-cam-mirrored": Method(
        "Layer-CAM, block 4, and mirrored",
        FINE,
        "Jiang et al. 2021, averaged with the map of the mirrored picture",
        slow=True,
    ),
    "fusion": Method(
        "HiResCAM × Layer-CAM",
        FINE,
        "Draelos & Carin 2020, arXiv:2011.08891, geometric mean of the maps at blocks 4 and 5; "
        "weighed by Layer-CAM at block 4",
    ),
    "score-cam": Method("Score-CAM", COARSE, "Wang et al. 2020, arXiv:1910.01279", slow=True),
    "smoothgrad": Method("SmoothGrad", None, "Smilkov et al. 2017, arXiv:1706.03825", slow=True),
}

DEFAULT = "fusion"
"""What a map is made by unless another way is asked for. It takes one way up and one way down, as
Grad-CAM does, and found the most lesions on real scans (docs/results.md)."""

AT_ONCE = ("grad-cam", "grad-cam++", "layer-cam", "layer-cam-fine")
"""Those whose agreement is looked at: all that share one pass through the network."""


def method(name: str) -> Method:
    """The method of this name.

    Raises:
        SettingError: There is none.
    """
    if name not in METHODS:
        raise SettingError(
            f"one of the methods {', '.join(METHODS)}",
            f"'{name}' was given",
            "Choose one of them.",
        )
    return METHODS[name]
