"""The strip of slices."""

import numpy as np
import pandas as pd
from made_figures import SLICES, named
from made_run import POSITIVE

from core.reporting import figures


def test_slices_without_an_answer_stand_apart_and_break_the_line():
    figure = figures.slice_strip(SLICES, "stage1", POSITIVE, current=3)
    (line,) = named(figure, "answered")
    np.testing.assert_array_equal(line.y, SLICES["probability"])
    assert line.connectgaps is None
    (silent,) = named(figure, "no answer")
    assert (list(silent.x), list(silent.text)) == ([2], ["no head"])
    assert max(silent.y) < 0
    (demanded,) = named(figure, "answered on demand")
    assert (list(demanded.x), list(demanded.y)) == ([4], [0.6])
    lines = [shape for shape in figure.layout.shapes if shape.x0 == shape.x1]
    assert [shape.x0 for shape in lines] == [3]


def test_slices_that_all_got_an_answer_need_no_legend():
    answered = SLICES.assign(probability=0.5, reason=None)
    assert not figures.slice_strip(answered, "stage1", POSITIVE).layout.showlegend


def test_a_slice_pointed_at_is_never_said_to_be_all_or_none():
    scores = pd.DataFrame(
        {
            "slice": [1, 2, 3],
            "probability": [0.99996, None, 0.00004],
            "reason": [None, "dark", "odd"],
        }
    )
    line, _, demanded = figures.slice_strip(scores, "stage1", POSITIVE).data
    assert list(line.hovertext) == ["> 99.9 %", "–", "< 0.1 %"]
    assert list(demanded.hovertext) == ["< 0.1 %"]
    assert "%{hovertext}" in line.hovertemplate
    assert "%{hovertext}" in demanded.hovertemplate
