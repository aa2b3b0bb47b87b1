"""Both themes can be read: WCAG AA for every colour of text, wherever it is decided."""

import itertools
import re
import tomllib

import pytest
from contrast import AA, contrast, rgb

from core.reporting.figures.style import PALETTES, PART_COLOURS, STAGE_COLOURS, Look
from dashboard.components.tab import ASSETS
from dashboard.server import ROOT

CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
LOOKS: tuple[Look, ...] = ("light", "dark")
GRAPHICS = 3.0
"""Of lines and marks (WCAG 2.2, success criterion 1.4.11)."""


def css(look: Look) -> dict[str, str]:
    """The colours that `dashboard.css` knows by name."""
    text = (ASSETS / "dashboard.css").read_text("utf-8")
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", text)
    return {name: light if look == "light" else dark for name, light, dark in pairs}


def ratio(one: str, other: str) -> float:
    return contrast(rgb(one), rgb(other))


@pytest.mark.parametrize("look", LOOKS)
def test_text_of_the_pages_can_be_read(look: Look):
    theme, own = CONFIG[look], css(look)
    grounds = {theme["backgroundColor"], theme["secondaryBackgroundColor"]}
    inks = [theme[f"{name}Color"] for name in ("text", "link", "gray", "green", "orange", "red")]
    inks += [own[name] for name in ("text", "quiet", "accent", "warning")]
    for ink, ground in itertools.product(inks, grounds):
        assert ratio(ink, ground) >= AA, (ink, ground)
    assert ratio(own["on-accent"], theme["primaryColor"]) >= AA
    code = theme["codeTextColor"], theme["codeBackgroundColor"]
    assert ratio(*code) >= AA


@pytest.mark.parametrize("look", LOOKS)
def test_styles_and_theme_agree(look: Look):
    theme, own = CONFIG[look], css(look)
    assert own["ground"] == theme["backgroundColor"]
    assert own["field"] == theme["secondaryBackgroundColor"]
    assert own["text"] == theme["textColor"]
    assert own["accent"] == theme["primaryColor"]
    assert own["line"] == theme["borderColor"]
    assert own["quiet"] == theme["grayColor"]
    assert own["warning"] == theme["orangeColor"]
    assert PALETTES[look].text == theme["textColor"]


@pytest.mark.parametrize("look", LOOKS)
def test_text_of_figures_can_be_read(look: Look):
    ground, colours = CONFIG[look]["backgroundColor"], PALETTES[look]
    for ink in (colours.text, colours.muted, colours.bad, *STAGE_COLOURS[look].values()):
        assert ratio(ink, ground) >= AA, ink
    assert ratio(colours.text, colours.surface) >= AA  # what is told of a point
    scales = (colours.sequence, (colours.worse, colours.surface, colours.better))
    for fill in itertools.chain.from_iterable(map(between, scales)):
        assert contrast(rgb(colours.on_fill), fill) >= AA, fill


@pytest.mark.parametrize("look", LOOKS)
def test_lines_of_figures_can_be_seen(look: Look):
    for colour in PART_COLOURS[look].values():
        assert ratio(colour, CONFIG[look]["backgroundColor"]) >= GRAPHICS, colour


def between(scale: tuple[str, ...]) -> list[tuple[float, ...]]:
    """All colours of a scale, as plotly mixes them."""
    return [
        tuple(a + (b - a) * step / 20 for a, b in zip(rgb(low), rgb(high), strict=True))
        for low, high in itertools.pairwise(scale)
        for step in range(21)
    ]
