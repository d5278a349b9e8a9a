"""Files are written whole or not at all, and read only if they are plain and small."""

from __future__ import annotations

import os
import runpy
import stat
from functools import partial
from pathlib import Path

import pytest

from course import files
from course.files import NotPlainFileError, read_bounded, write_whole


def test_what_is_written_is_read_back_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "kept.txt"
    write_whole(path, "a\nß\n")
    assert read_bounded(path, 5) == "a\nß\n".encode()
    write_whole(path, b"\x00\r\n")
    assert read_bounded(path, 5) == b"\x00\r\n"
    assert os.listdir(path.parent) == ["kept.txt"]


def test_a_write_that_fails_leaves_the_old_state_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kept"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half a pair: \ud800")

    def full(*_: object) -> None:
        raise OSError("no space left")

    for place, name in ((Path, "replace"), (os, "open")):
        with monkeypatch.context() as patch, pytest.raises(OSError, match="no space left"):
            patch.setattr(place, name, full)
            write_whole(path, "new")
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["kept"]


def test_no_name_is_used_for_two_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = []
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda a, b: parts.append(a.name) or replace(a, b))
    for _ in range(20):
        write_whole(tmp_path / "kept", "x")
    assert len(set(parts)) == 20


def test_rights_follow_mode_and_umask(tmp_path: Path) -> None:
    before = os.umask(0o026)
    try:
        write_whole(tmp_path / "open", "x")
        write_whole(tmp_path / "mine", "x", mode=0o600)
    finally:
        os.umask(before)
    rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert rights == {"open": 0o640, "mine": 0o600}


def test_a_file_may_be_as_long_as_the_limit_and_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_bounded(path, 5) == b"12345"
    with pytest.raises(NotPlainFileError, match="is 0 MiB long"):
        read_bounded(path, 4)


def test_a_file_of_holes_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.touch()
    os.truncate(path, 3 * 2**40)
    monkeypatch.setattr(files, "open", None, raising=False)  # whoever reads it falls over this
    with pytest.raises(NotPlainFileError, match="is 3145728 MiB long"):
        read_bounded(path, 2**20)


def test_a_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    status = os.stat(path)
    path.write_bytes(b"1234567")
    monkeypatch.setattr(os, "fstat", lambda handle: status)
    ends: list[int] = []
    close = os.close

    def closed(handle: int) -> None:
        ends.append(os.lseek(handle, 0, os.SEEK_CUR))
        close(handle)

    monkeypatch.setattr(files, "open", partial(open, buffering=0), raising=False)
    monkeypatch.setattr(os, "close", closed)
    with pytest.raises(NotPlainFileError, match=r"^is still being written$"):
        read_bounded(path, 5)
    assert ends == [6], "more was read than shows that it has grown"


def test_links_pipes_folders_and_devices_are_refused_at_once_and_closed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "nowhere").symlink_to("nothing")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    before = len(os.listdir("/proc/self/fd"))
    for name in ("link", "nowhere"):
        with pytest.raises(OSError, match="symbolic links"):
            read_bounded(tmp_path / name, 10)
    for path in (tmp_path / "folder", tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(NotPlainFileError, match="not a plain file"):
            read_bounded(path, 10)
    with pytest.raises(FileNotFoundError):
        read_bounded(tmp_path / "nothing", 10)
    assert read_bounded(tmp_path / "real", 10) == b"x"
    assert len(os.listdir("/proc/self/fd")) == before


def test_systems_without_these_flags_read_and_write_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for flag in ("O_NOFOLLOW", "O_NONBLOCK"):
        monkeypatch.delattr(os, flag)
    elsewhere = runpy.run_path(files.__file__)
    elsewhere["write_whole"](tmp_path / "file", "a\n")
    assert elsewhere["read_bounded"](tmp_path / "file", 2) == b"a\n"
