"""What the network says of a scan, in words and numbers, and as files to keep."""

import html
import json
from collections.abc import Mapping
from pathlib import PurePath

import streamlit as st

from core.evaluation.precedents import in_words
from core.imaging.scans import Scan
from core.prediction import Prediction
from core.reporting.pictures import colour_bar
from core.training.runs import Run
from dashboard import resources
from dashboard.components import pictures, words


def show(run: Run, prediction: Prediction) -> None:
    """The verdict, what to bear in mind, and how strong the map is."""
    if prediction.status != "ok" or prediction.probability is None:
        _no_answer(prediction)
        return
    _, positive = run.classes
    title = run.protocol.stage(prediction.stage).title
    st.html(_verdict(prediction, prediction.probability, positive, title))
    for caution in _cautions(run, prediction):
        st.caption(f":material/info: {caution}")
    _scale(prediction)


def downloads(
    run: Run,
    prediction: Prediction,
    method: str,
    picture: bytes | None,
    map_file: bytes | None,
) -> None:
    """Files to keep: the picture as it is shown (PNG), the map (TIFF) and the answer."""
    stem = PurePath(prediction.file).stem
    with st.container(horizontal=True, gap="small"):
        if picture is not None:
            _file("Picture", picture, f"{stem}-{prediction.stage}.png")
        if map_file is not None:
            _file("Map", map_file, f"{stem}-{method}.tif")
        _file("Result", record(run, prediction, method), f"{stem}.json")
    if prediction.scan is not None:
        with st.popover("About this file", type="tertiary"):
            st.table(_facts(prediction, prediction.scan), border="horizontal")


def _file(label: str, data: bytes | str, name: str) -> None:
    # The data, not a function that makes them: what a function made for one rerun is revoked by
    # the next, and a click that comes meanwhile would be lost.
    st.download_button(
        label, data, file_name=name, on_click="ignore", icon=":material/download:", width="stretch"
    )


def _verdict(
    prediction: Prediction, probability: Mapping[str, float], positive: str, title: str
) -> str:
    rows = "".join(
        f'<div class="share{" positive" if name == positive else ""}">'
        f"<span>{html.escape(name)}</span><b>{html.escape(words.chance(p))}</b>"
        f'<i><i style="width:{100 * p:.1f}%"></i></i></div>'
        for name, p in sorted(probability.items(), key=lambda pair: pair[0] != prediction.label)
    )
    return (
        f'<div class="verdict"><small>{html.escape(title)} calls {_name(prediction)}</small>'
        f"<strong>{html.escape(str(prediction.label))}</strong>{rows}{_precedents(prediction)}</div>"
    )


def _precedents(prediction: Prediction) -> str:
    found = prediction.precedents
    if found is None:
        return ""
    said = html.escape(in_words(found, str(prediction.label))).replace(" %", "&nbsp;%")
    return f'<p class="{"open" if found.open else "precedents"}">{said}</p>'


def _no_answer(prediction: Prediction) -> None:
    head = "Not answered" if prediction.status == "refused" else "Not readable"
    reason = str(prediction.reason)
    st.html(
        f'<div class="verdict none"><small>{_name(prediction)}</small><strong>{head}</strong>'
        f"<p>{html.escape(reason[:1].upper() + reason[1:])}</p></div>"
    )


def _name(prediction: Prediction) -> str:
    return html.escape(prediction.file)


def _cautions(run: Run, prediction: Prediction) -> list[str]:
    found = list(prediction.cautions)
    if prediction.overridden:
        found.insert(0, f"**Answered on demand.** {prediction.reason}")
    if leaky := resources.mark(run):
        found.append(leaky)
    return found


def _scale(prediction: Prediction) -> None:
    """The colours of the map and what the hottest one stands for."""
    if prediction.map is None or not prediction.map_maximum:
        st.html(
            '<div class="scale"><p>No positive evidence: nothing in this scan spoke for '
            f"<b>{html.escape(str(prediction.target))}</b>. The map is empty.</p></div>"
        )
        return
    st.html(
        f'<div class="scale"><small>What spoke for <b>{html.escape(str(prediction.target))}</b>, '
        f"raw maximum {prediction.map_maximum:.3g}</small>"
        f'<img src="{pictures.address(colour_bar())}" alt="Colours from none to most">'
        f"<div><span>0</span><span>{prediction.map.max():.3g}</span></div></div>"
    )


def _facts(prediction: Prediction, scan: Scan) -> dict[str, str]:
    """What a table, which understands Markdown, is to say of the file."""
    prepared = prediction.prepared
    height, width = scan.pixels.shape[:2]
    facts = {"File": prediction.file, "Format": scan.format, "Size": f"{width} × {height} pixels"}
    if scan.slices > 1:
        facts["Slice"] = f"{scan.slice + 1} of {scan.slices}"
    if scan.volumes > 1:
        facts["Volume"] = f"{scan.volume + 1} of {scan.volumes}"
    if scan.window is not None:
        facts["Window"] = "centre {:.4g}, width {:.4g}".format(*scan.window)
    if prepared is not None:
        box = prepared.box
        facts["Crop"] = f"{box.width} × {box.height} from ({box.left}, {box.top})"
    facts |= dict(scan.tags)
    facts["Model"] = prediction.model_sha256[:12]
    return {name: words.plain(value) for name, value in facts.items()}


def record(run: Run, prediction: Prediction, method: str) -> str:
    """The JSON of `predict --json`."""
    record = {
        "run": run.name,
        "stage": prediction.stage,
        "model_sha256": prediction.model_sha256,
        "mark": resources.mark(run),
        "results": [prediction.to_json(method)],
        "notice": "Research use only. Not for diagnosis.",
    }
    return json.dumps(record, indent=2)
