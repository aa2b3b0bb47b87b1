"""Scans, a trained run, and commands run in this process."""

import shutil

import pytest
from pages import draw_scans
from shell import SMALL, shell, write_scan

from core.cli import main
from core.training.workspace import Workspace


@pytest.fixture(scope="session")
def scans(tmp_path_factory):
    """Twelve scans, split already, and one file that is none."""
    root = tmp_path_factory.mktemp("scans")
    seed = 0
    for part, count in (("train", 8), ("valid", 3), ("test", 3)):
        for label in ("no", "yes"):
            for number in range(count):
                seed += 1
                path = root / part / label / f"{label}{number}.png"
                write_scan(path, mass=label == "yes", seed=seed)
    (root / "train" / "no" / "empty.png").write_bytes(b"")
    return root


@pytest.fixture(scope="session")
def class_folders(tmp_path_factory):
    """Class folders whose names do not tell which class is the positive one."""
    root = tmp_path_factory.mktemp("folders")
    for number in range(4):
        write_scan(root / "alpha" / f"{number}.png", mass=False, seed=number)
        write_scan(root / "beta" / f"{number}.png", mass=True, seed=100 + number)
    return root


@pytest.fixture(scope="session")
def distinct(tmp_path_factory):
    """Class folders of scans that are no near copies of one another, eight of each class."""
    return draw_scans(tmp_path_factory.mktemp("distinct") / "scans", each=8)


@pytest.fixture
def leaky(scans, tmp_path):
    """The scans in their parts; one of train is in test as well, and one under both labels."""
    root = tmp_path / "leaky"
    shutil.copytree(scans, root)
    shutil.copy(root / "train/yes/yes0.png", root / "test/yes/p1_again.png")
    shutil.copy(root / "train/no/no1.png", root / "train/yes/p1_other.png")
    return root


@pytest.fixture(scope="session")
def trained(scans, tmp_path_factory):
    """A workspace with the run `one`, of which two stages are trained; what the shell said."""
    workspace = tmp_path_factory.mktemp("workspace")
    words = ["train", scans, "--protocol", "report", "--stages", "baseline,stage1"]
    said = shell(*words, "--run", "one", "--workspace", workspace, *SMALL, "--json")
    assert said.returncode == 0, said.stderr
    return workspace, said


@pytest.fixture
def run(trained, tmp_path):
    """The trained run, in a workspace of the test's own."""
    workspace, _ = trained
    shutil.copytree(workspace, tmp_path / "workspace")
    return Workspace(tmp_path / "workspace").run("one")


@pytest.fixture
def ask(capfd):
    """Run a command in this process: (exit status, stdout, stderr)."""

    def run_command(*words):
        code = main([str(word) for word in words])
        said = capfd.readouterr()
        return code, said.out, said.err

    return run_command


@pytest.fixture
def refused(ask, run, scans, class_folders, distinct, monkeypatch, tmp_path):
    """Ask in words that hold places in braces; one line tells why not, and nothing has changed."""
    workspace = Workspace(run.path.parent.parent)
    monkeypatch.setenv("NEUROSTAGE_WORKSPACE", str(workspace.path))
    places = {"scans": scans, "folders": class_folders, "distinct": distinct}
    places |= {"file": scans / "test/yes/yes0.png", "empty": tmp_path / "empty"}
    places["empty"].mkdir()

    def check(words, told):
        code, out, err = ask(*(word.format(**places) for word in words.split()))
        assert (code, out) == (2, "")
        assert told.format(**places) in err
        assert err.count("\n") == 1
        assert "Traceback" not in err
        assert list(places["empty"].iterdir()) == []
        assert [r.name for r in workspace.runs()] == ["one"]
        assert workspace.crossvals() == []

    return check
