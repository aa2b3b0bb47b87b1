"""NeuroStage as a program: one server a workspace, started, found again and ended."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from made_run import make_run
from pages import Pages, texts

from core.process import began
from core.training.runs import Run, RunStatus
from core.training.workspace import Workspace
from dashboard import server
from dashboard.server import Server


def put_to_work(run: Run) -> None:
    """As a job whose process lives: this one."""
    status = RunStatus(state="running", requested=("final",), pid=os.getpid())
    run.write_status(status.model_copy(update={"process_started": began(os.getpid())}))


def record(workspace: Workspace, started: float) -> None:
    workspace.path.mkdir(parents=True, exist_ok=True)
    found = Server(pid=os.getpid(), process_started=started, port=1)
    (workspace.path / "dashboard.json").write_text(found.model_dump_json())


def test_a_server_lives_as_long_as_its_process(workspace: Workspace):
    assert server.running(workspace) is None
    record(workspace, began(os.getpid()))
    found = server.running(workspace)
    assert found
    assert found.is_this_process
    record(workspace, began(os.getpid()) - 3600)  # another process had this number then
    assert server.running(workspace) is None
    (workspace.path / "dashboard.json").write_text("{")
    assert server.running(workspace) is None


def test_the_usual_port_is_taken_unless_somebody_listens_there():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert server.free_port(taken) not in (0, taken)
    assert server.free_port(taken) == taken
    assert 0 < server.free_port(99_999) < 2**16


@pytest.mark.skipif(sys.platform == "win32", reason="signals of a terminal as Linux sends them")
@pytest.mark.parametrize(
    "end",
    [
        lambda process: os.killpg(process.pid, signal.SIGINT),  # Ctrl-C in a terminal
        lambda process: process.terminate(),
    ],
    ids=["ctrl-c", "terminated"],
)
def test_of_two_starts_one_serves_and_ending_it_ends_no_training(workspace: Workspace, end):
    run = make_run(workspace.path, [0.5])
    put_to_work(run)
    command = [sys.executable, "-m", "dashboard", "--no-window"]
    starts = [
        subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, start_new_session=True, cwd=server.ROOT
        )
        for _ in range(2)
    ]
    try:
        lines = [start.stdout.readline() for start in starts if start.stdout]
        assert sorted(line.partition(": ")[0] for line in lines) == [
            "NeuroStage is open",
            "NeuroStage is open already",
        ]
        assert len({line.partition(": ")[2] for line in lines}) == 1
        first = next(s for s, line in zip(starts, lines, strict=True) if "already" not in line)
        found = server.running(workspace)
        assert found
        assert found.answers()
        assert psutil.Process(found.pid).ppid() == first.pid
        end(first)
        said, _ = first.communicate(timeout=120)
        assert first.returncode == 0
        assert "Training goes on by itself: made." in said
        assert server.running(workspace) is None
        assert not found.answers()
    finally:
        for start in starts:
            start.kill()


def test_quitting_is_offered_only_by_a_server_of_the_desktop(workspace: Workspace):
    assert "Quit" not in [button.label for button in Pages().test.button]
    record(workspace, began(os.getpid()))
    assert "Quit" in [button.label for button in Pages().test.button]


def test_before_quitting_a_page_says_that_training_goes_on(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    quitted: list[bool] = []
    monkeypatch.setattr(server, "quit_soon", lambda: quitted.append(True))
    put_to_work(make_run(workspace.path, [0.5]))
    record(workspace, began(os.getpid()))
    page = Pages().test
    page.button(key="ask-to-quit").click().run()
    assert "Training goes on by itself" in texts(page)
    assert not quitted
    # A browser runs the dialog alone again; here the whole page runs, and has to open it anew.
    page.button(key="ask-to-quit").click()
    page.button(key="quit-now").click().run()
    assert quitted


def test_the_launcher_loads_neither_tensorflow_nor_the_pages():
    program = (
        "import sys, dashboard.desktop\n"
        "assert not {'tensorflow', 'keras', 'streamlit', 'pandas', 'cv2'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(server.ROOT))
