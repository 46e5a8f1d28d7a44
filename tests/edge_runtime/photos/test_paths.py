"""Which photos files and folders on a command line stand for."""

import io
import os

import pytest

from edge_runtime.photos.paths import photos_in


@pytest.fixture
def folder(tmp_path):
    for name in (
        "b.JPG",
        "a.png",
        "deep/er/c.webp",
        "deep/d.heic",
        "notes.txt",
        "._b.JPG",
        "manifest.csv",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "folder.jpg").mkdir()
    return tmp_path


def test_a_folder_gives_its_photos_at_any_depth_in_order(folder):
    assert [*photos_in([folder])] == [
        folder / name for name in ("a.png", "b.JPG", "deep/d.heic", "deep/er/c.webp")
    ]


def test_files_are_taken_as_they_are_and_in_their_order(folder):
    places = [folder / "notes.txt", folder / "absent.jpg", folder / "a.png"]
    assert [*photos_in(places)] == places


def test_a_folder_without_photos_stands_for_itself(folder):
    assert [*photos_in([folder / "folder.jpg"])] == [folder / "folder.jpg"]


@pytest.mark.parametrize("name", [".thumbnails", "@eaDir", "#recycle", "__MACOSX"])
def test_folders_of_the_system_are_left_alone_by_folders_and_patterns(folder, name):
    (folder / name).mkdir()
    (folder / name / "small.jpg").touch()
    assert not [path for path in photos_in([folder]) if name in path.parts]
    found = [*photos_in([folder / "**" / "*.jpg"])]
    assert not [path for path in found if name in path.parts]
    # Asked for by name, they are what is meant.
    assert [*photos_in([folder / name])] == [folder / name / "small.jpg"]


def test_a_hidden_folder_above_the_place_hides_nothing(tmp_path):
    place = tmp_path / ".cache" / "photos"
    place.mkdir(parents=True)
    (place / "a.jpg").touch()
    assert [*photos_in([place])] == [place / "a.jpg"]
    assert [*photos_in([place / "*.jpg"])] == [place / "a.jpg"]


@pytest.mark.skipif(os.name == "nt", reason="names are no bytes there")
def test_a_list_may_begin_with_a_mark_and_hold_any_bytes(monkeypatch, tmp_path):
    class Input:
        buffer = io.BytesIO(b"\xef\xbb\xbfa.png\r\n\nb\xfc.png\n")

    monkeypatch.setattr("sys.stdin", Input)
    names = [os.fsencode(path) for path in photos_in([type(tmp_path)("-")])]
    assert names == [b"a.png", b"b\xfc.png"]
