"""`--json` answers with the keys that docs/cli.md names, and with all of those in its tables."""

import json
import re

from made_crossval import made
from made_readings import written
from made_run import add_baselines, make_run
from shell import ROOT, here

DOCUMENT = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
KEY = r"[a-z][a-z0-9_]*"


def section(command):
    """What the document says of the JSON of a command."""
    _, *sections = re.split(r"^### ", DOCUMENT[DOCUMENT.index("## JSON") :], flags=re.MULTILINE)
    (found,) = (text for text in sections if f"`{command}`" in text.splitlines()[0])
    return found


def keys_named(text):
    """Every key that stands between backticks."""
    quoted = re.findall(r"`([^`]+)`", text)
    return {key for words in quoted for key in re.findall(KEY, words)}


def keys_in_tables(text):
    """Those that stand in the first column of a table."""
    return keys_named("\n".join(re.findall(r"^\| (`.*?) \|", text, flags=re.MULTILINE)))


def keys_answered(answer):
    """Those of the answer, and of the objects that it lists or holds."""
    found = set(answer)
    for value in answer.values():
        for each in value if isinstance(value, list) else [value]:
            found |= keys_answered(each) if isinstance(each, dict) else set()
    return found


def told(ask, *words):
    code, out, err = ask(*words, "--json")
    assert code == 0, err
    return json.loads(out)


def expect_documented(answer, command, *lists):
    """Every key is named, those of what `lists` hold as well; and every key of a table is there."""
    text = section(command)
    named = keys_named(text)
    assert set(answer) <= named
    for name in lists:
        assert answer[name], f"nothing to look at in {name}"
        # Where it says "as in compare".
        assert set(answer[name][0]) <= named | keys_named(section("compare")), name
    assert keys_in_tables(text) <= keys_answered(answer)


def test_of_a_record(ask, tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROSTAGE_WORKSPACE", str(tmp_path))
    add_baselines(make_run(tmp_path, [0.5, 1.2]), {"majority": 0, "features": 0.9})
    written(tmp_path / "readings", 4)
    compared = told(ask, "compare", "made", "--prevalence", "0.1")
    expect_documented(compared, "compare", "stages", "baselines", "pairs")
    expect_documented(told(ask, "readings"), "readings", "models")
    expect_documented(told(ask, "delete", "made"), "delete")
    restored = told(ask, "restore", "made")
    described = told(ask, "status", "made")
    assert described.keys() == restored.keys() == told(ask, "note", "made", "B").keys()
    crossval = made(tmp_path / "other", [7])
    folds = told(ask, "status", "made", "--workspace", crossval.path.parents[1])
    # One section tells of both.
    expect_documented(described | folds, "status")
    listed = told(ask, "status")
    assert set(listed) <= keys_named(section("status"))
    pooled = told(ask, "crossval", "--name", "made", "--workspace", crossval.path.parents[1])
    expect_documented(pooled, "crossval", "stages", "pairs")


def test_of_scans_and_models(ask, run, scans):
    expect_documented(told(ask, "inspect", scans), "inspect")
    expect_documented(told(ask, "evaluate", "one", *here(run)), "evaluate", "stages")
    expect_documented(told(ask, "card", "one", *here(run)), "card", "checklist")
    more = ["--evidence", "cheap", "--all-stages", "--similar", "1"]
    scan = scans / "test/yes/yes0.png"
    answered = told(ask, "predict", "one", scan, *here(run), *more)
    expect_documented(answered, "predict", "results")
