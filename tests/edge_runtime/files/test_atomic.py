"""Files appear whole or not at all."""

import os
import stat

import pytest

from edge_runtime.files.atomic import write_bytes, write_text


def test_content_arrives_in_a_folder_that_did_not_exist(tmp_path):
    path = tmp_path / "new" / "deeper" / "file.bin"
    write_bytes(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"


def test_an_old_file_is_replaced(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("a long old text", encoding="utf-8")
    write_text(path, "→ new\n")
    assert path.read_bytes() == "→ new\n".encode()


def test_nothing_is_left_behind_when_writing_fails(tmp_path):
    # A folder of that name cannot be replaced by a file.
    path = tmp_path / "taken"
    path.mkdir()
    with pytest.raises(OSError, match="taken"):
        write_bytes(path, b"content")
    assert [*tmp_path.iterdir()] == [path]


def test_the_old_file_survives_when_writing_fails(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    path.write_text("old", encoding="utf-8")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_text(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has these permissions")
def test_others_may_read_the_file_as_the_umask_says(tmp_path):
    old = os.umask(0o027)
    try:
        write_bytes(tmp_path / "file.bin", b"content")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "file.bin").stat().st_mode) == 0o640
