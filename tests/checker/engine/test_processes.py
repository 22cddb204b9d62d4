"""What is swept up after a process that was killed, and what is left alone."""

import os
import subprocess
import sys
import tempfile

from checker.engine import processes
from checker.engine.processes import own_folder, remove_left_over


def test_only_folders_of_ours_whose_process_is_gone_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(processes, "MEMORY", tmp_path)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    mine = own_folder("trial", space=0)
    orphan = mine.with_name(mine.name.replace(str(os.getpid()), str(ended.pid), 1))
    somebodys = [tmp_path / f"trial-{ended.pid}-analysis", tmp_path / f"postgresql-{ended.pid}-analysis"]
    for folder in (orphan, *somebodys):
        folder.mkdir()
    remove_left_over()
    assert sorted(tmp_path.iterdir()) == sorted([mine, *somebodys])


def test_a_folder_lies_in_memory_where_there_is_room(tmp_path, monkeypatch):
    memory, disk = tmp_path / "memory", tmp_path / "disk"
    memory.mkdir()
    disk.mkdir()
    monkeypatch.setattr(processes, "MEMORY", memory)
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    assert own_folder("trial", space=1).parent == memory
    assert own_folder("trial", space=2**62).parent == disk
    monkeypatch.setattr(processes, "MEMORY", tmp_path / "absent")
    assert own_folder("trial", space=1).parent == disk
