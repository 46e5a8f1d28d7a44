"""Which photos files and folders on a command line stand for."""

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
