"""The evidence of a map, drawn and said."""

import base64
import re

from core.explanation.evidence import Curves, Evidence
from dashboard.components import evidence


def test_the_curves_of_a_full_check_can_be_told_apart_and_are_said_too():
    curves = Curves((0, 1), (1, 0), (0, 1), 0.21, 0.87, (0.5,), (0.5,))
    panel = evidence.panel(Evidence(False, 0.1, 0.4, {"other": 0.6}, curves))
    (said,) = re.findall('aria-label="([^"]*)"', panel)
    assert "0.21" in said
    assert "0.87" in said
    drawn = [base64.b64decode(mask).decode() for mask in re.findall(r"base64,([^)]*)\)", panel)]
    dashes = [re.findall('stroke-dasharray="([^"]*)"', drawing) for drawing in drawn]
    assert dashes == [["none"], ["5 3"]]
