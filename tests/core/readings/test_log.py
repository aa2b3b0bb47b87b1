"""The log of readings: nothing can be changed, taken out or moved without being found out."""

import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_readings import answer, written

from core.errors import RunError, SettingError
from core.readings.log import CALLS, START, Log, as_csv, as_lines, current

ROOT = Path(__file__).resolve().parents[3]


def test_each_line_carries_the_hash_of_the_one_before(tmp_path):
    log = written(tmp_path)
    previous = START
    for line in log.path.read_bytes().splitlines():
        record = json.loads(line)
        stated = record.pop("hash")
        text = json.dumps(record, sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == stated
        assert record["previous"] == previous
        previous = stated
    contents = log.contents()
    assert (contents.fault, contents.torn, contents.last_hash) == (None, b"", previous)
    assert [reading.call for reading in contents.readings] == [CALLS[i % 3] for i in range(5)]


def test_an_empty_log_is_intact_and_makes_no_file(tmp_path):
    assert Log(tmp_path / "none").contents().fault is None
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def four(tmp_path_factory) -> tuple[Log, list[bytes]]:
    """A log of four lines, and the lines."""
    log = written(tmp_path_factory.mktemp("log"), 4)
    return log, log.path.read_bytes().splitlines(keepends=True)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_whatever_is_done_to_whole_lines_is_found(four, data):
    log, lines = four[0], list(four[1])
    place = data.draw(st.integers(0, 3))
    deed = data.draw(st.sampled_from(["edit", "remove", "repeat", "swap", "byte", "space"]))
    if deed == "edit":
        field = data.draw(st.sampled_from(["call", "note", "probability", "time", "label", "run"]))
        record = json.loads(lines[place])
        record[field] = 0.25 if field == "probability" else "agree" if field == "call" else "x"
        changed = json.dumps(record, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        if changed == lines[place]:
            return
        lines[place] = changed
    elif deed == "remove":
        del lines[place]
    elif deed == "repeat":
        lines.insert(place, lines[data.draw(st.integers(0, 3))])
    elif deed == "swap":
        other = data.draw(st.integers(0, 3).filter(lambda i: i != place))
        lines[place], lines[other] = lines[other], lines[place]
    elif deed == "space":
        lines[place] = lines[place].replace(b'":', b'": ', 1)
    else:
        at = data.draw(st.integers(0, len(lines[place]) - 2))
        new = data.draw(st.integers(0, 255).filter(lambda b: b != lines[place][at]))
        lines[place] = lines[place][:at] + bytes([new]) + lines[place][at + 1 :]
    log.path.write_bytes(b"".join(lines))
    assert log.contents().fault
    with pytest.raises(RunError, match="as it was written"):
        log.append(answer(9), "agree")


def test_a_line_with_a_new_hash_of_its_own_still_breaks_the_chain(tmp_path):
    log = written(tmp_path, 3)
    lines = log.path.read_text().splitlines()
    record = json.loads(lines[1]) | {"call": "agree"}
    del record["hash"]
    text = json.dumps(record, sort_keys=True, separators=(",", ":"))
    record["hash"] = hashlib.sha256(text.encode()).hexdigest()
    lines[1] = json.dumps(record, sort_keys=True, separators=(",", ":"))
    log.path.write_text("\n".join(lines) + "\n")
    assert log.contents().fault == "what came before its line 3 is missing or was moved"


@pytest.mark.parametrize(
    ("seal", "fault"),
    [(None, "is missing"), ("", "cannot be read"), ('{"lines": 3, "hash": "x"}', "not those")],
)
def test_a_seal_that_was_tampered_with_is_found(tmp_path, seal, fault):
    log = written(tmp_path, 3)
    log.seal.unlink() if seal is None else log.seal.write_text(seal)
    assert fault in log.contents().fault


def test_a_log_taken_away_under_its_seal_is_missed(tmp_path):
    log = written(tmp_path, 3)
    log.path.unlink()
    assert log.contents().fault == "3 of its 3 lines are missing at the end"


@pytest.mark.parametrize("left", [1, 40, -2])
def test_a_torn_last_line_is_said_and_put_aside_and_nothing_is_lost(tmp_path, left):
    log = written(tmp_path, 3)
    whole, seal = log.path.read_bytes(), log.seal.read_bytes()
    log.append(answer(3), "agree", "cut short")
    last = log.path.read_bytes()[len(whole) :]
    log.path.write_bytes(whole + last[:left])  # a power cut: before the seal was renewed
    log.seal.write_bytes(seal)
    contents = log.contents()
    assert contents.fault is None
    assert contents.torn == last[:left]
    assert "broken off" in contents.remark
    log.append(answer(4), "disagree")
    contents = log.contents()
    assert [reading.call for reading in contents.readings] == [*CALLS, "disagree"]
    assert contents.fault is None
    assert log.torn.read_bytes() == last[:left] + b"\n"
    assert "readings.torn" in contents.remark


def test_a_line_that_lacks_only_its_end_is_whole(tmp_path):
    log = written(tmp_path, 2)
    log.path.write_bytes(log.path.read_bytes()[:-1])
    assert log.contents().torn == b""
    log.append(answer(2), "unsure")
    assert [r.call for r in log.contents().readings] == list(CALLS)
    assert log.contents().fault is None


def test_a_cut_between_line_and_seal_is_no_fault(tmp_path):
    log = written(tmp_path, 2)
    seal = log.seal.read_bytes()
    log.append(answer(2), "unsure")
    log.seal.write_bytes(seal)
    assert log.contents().fault is None


def test_two_lines_past_the_seal_are_a_forgery(tmp_path):
    log = written(tmp_path, 2)
    seal = log.seal.read_bytes()
    for number in (2, 3):
        log.append(answer(number), "unsure")
    log.seal.write_bytes(seal)
    assert log.contents().fault == "2 lines were added past its seal"
    with pytest.raises(RunError, match="added past its seal"):
        log.append(answer(4), "agree")


def test_a_later_call_supersedes_the_former_and_deletes_nothing(tmp_path):
    log = Log(tmp_path)
    log.append(answer(0), "agree")
    log.append(answer(0, slice=1), "agree")
    log.append(answer(0, model="other"), "agree")
    log.append(answer(0), "disagree", "on second thoughts")
    readings = log.contents().readings
    assert len(readings) == 4
    assert [r.call for r in current(readings)] == ["agree", "agree", "disagree"]
    assert as_csv(readings).splitlines()[1].endswith("True")


def test_a_picture_in_another_window_is_another_one(tmp_path):
    log = Log(tmp_path)
    log.append(answer(0), "agree")
    log.append(answer(0).model_copy(update={"window": (40.0, 80.0)}), "disagree")
    readings = log.contents().readings
    assert log.contents().fault is None
    assert [r.call for r in current(readings)] == ["agree", "disagree"]


def test_a_line_of_an_earlier_version_that_knew_of_no_window_is_whole(tmp_path):
    log = written(tmp_path, 2)
    records, previous = [], START
    for line in log.path.read_bytes().splitlines():
        record = json.loads(line) | {"previous": previous}
        del record["hash"], record["window"]
        text = json.dumps(record, sort_keys=True, separators=(",", ":"))
        previous = hashlib.sha256(text.encode()).hexdigest()
        records.append(
            json.dumps(record | {"hash": previous}, sort_keys=True, separators=(",", ":"))
        )
    log.path.write_text("".join(f"{record}\n" for record in records))
    log.seal.write_text(json.dumps({"lines": 2, "hash": previous}))
    assert log.contents().fault is None
    assert len(log.contents().readings) == 2


def test_a_note_is_no_formula_in_a_spreadsheet(tmp_path):
    log = Log(tmp_path)
    log.append(answer(0), "agree", '=HYPERLINK("http://x","y")')
    log.append(answer(1), "agree", "-5 mm shift")
    kept = pd.read_csv(io.StringIO(as_csv(log.contents().readings)))
    assert list(kept["note"]) == ['\'=HYPERLINK("http://x","y")', "'-5 mm shift"]
    assert list(kept["probability"]) == [0.1 + 0.2] * 2


def test_two_processes_write_at_once_and_no_line_is_lost(tmp_path):
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, 'tests')\n"
        "from made_readings import Log, answer\n"
        "for i in range(6): Log(Path(sys.argv[1])).append(answer(i), 'agree', sys.argv[2])\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    both = [subprocess.Popen([*command, name], cwd=ROOT) for name in ("one", "two")]
    assert [process.wait(60) for process in both] == [0, 0]
    contents = Log(tmp_path).contents()
    assert contents.fault is None
    notes = [reading.note for reading in contents.readings]
    assert (notes.count("one"), notes.count("two")) == (6, 6)


def test_what_cannot_be_written_is_refused(tmp_path):
    log = Log(tmp_path)
    with pytest.raises(SettingError, match="501"):
        log.append(answer(), "agree", "x" * 501)
    with pytest.raises(SettingError, match="perhaps"):
        log.append(answer(), "perhaps")
    assert log.contents().readings == ()


def test_export_is_the_log_or_a_table(tmp_path):
    log = written(tmp_path / "log")
    assert log.export(tmp_path / "all.jsonl") == 5
    assert (tmp_path / "all.jsonl").read_bytes() == log.path.read_bytes()
    assert as_lines(log.contents().readings).encode() == log.path.read_bytes()
    log.export(tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_text().count("\n") == 6


def test_lines_of_a_later_version_that_says_more_by_default_stay_valid(tmp_path):
    log = Log(tmp_path)
    record = answer().model_dump() | {"time": "t", "call": "agree", "note": "", "previous": START}
    del record["slice"]  # as if it had been added since
    text = json.dumps(record, sort_keys=True, separators=(",", ":"))
    record["hash"] = hashlib.sha256(text.encode()).hexdigest()
    log.path.write_text(json.dumps(record, sort_keys=True, separators=(",", ":")) + "\n")
    log.append(answer(1), "agree")
    assert log.contents().fault is None
    assert len(log.contents().readings) == 2


def test_calls_that_a_full_disk_refused_leave_the_log_intact(tmp_path, monkeypatch):
    """The line may find room where its seal does not."""
    log = written(tmp_path)
    before = len(log.contents().readings)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr("core.readings.log.write_text", full)
        for _ in range(3):
            with pytest.raises(OSError, match="No space"):
                log.append(answer(), "agree")
    contents = log.contents()
    assert contents.fault is None
    assert len(contents.readings) == before + 1
    log.append(answer(), "agree")
    assert log.contents().fault is None
    assert len(log.contents().readings) == before + 2
