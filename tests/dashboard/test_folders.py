"""Folders that were used before."""

from pathlib import Path

from core.training.workspace import Workspace
from dashboard.components import folders


def test_the_last_folders_are_remembered_latest_first(workspace: Workspace, tmp_path: Path):
    workspace.path.mkdir(exist_ok=True)
    assert folders.recent() == []
    several = [tmp_path / f"{number}" for number in range(folders.REMEMBERED + 1)]
    for folder in several:
        folder.mkdir()
        folders.remember(folder)
    folders.remember(several[3])
    assert folders.recent()[:2] == [several[3], several[-1]]
    assert len(folders.recent()) == folders.REMEMBERED


def test_a_folder_that_is_out_of_reach_comes_back_with_its_share(
    workspace: Workspace, tmp_path: Path
):
    workspace.path.mkdir(exist_ok=True)
    share, local = tmp_path / "share", tmp_path / "local"
    share.mkdir()
    local.mkdir()
    folders.remember(share)
    share.rename(tmp_path / "gone")
    folders.remember(local)
    assert folders.recent() == [local]
    (tmp_path / "gone").rename(share)
    assert folders.recent() == [local, share]
