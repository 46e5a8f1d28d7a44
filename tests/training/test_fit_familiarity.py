from pathlib import Path

import pytest

from edge_runtime.photos.manifest import LabelledPhoto
from training.fit_familiarity import drawn_evenly


def photos(source, count):
    return [
        LabelledPhoto(
            Path(f"{source}{place}"), False, "train", "l", False, {"source": source}
        )
        for place in range(count)
    ]


def test_every_source_weighs_the_same_as_far_as_it_has_photos():
    chosen = drawn_evenly([*photos("a", 50), *photos("b", 20), *photos("c", 3)], 10)
    sources = [photo.columns["source"] for photo in chosen]
    assert [sources.count(name) for name in "abc"] == [10, 10, 3]
    assert len({photo.path for photo in chosen}) == 23


@pytest.mark.parametrize("each", [1, 100])
def test_photos_of_one_source_are_all_kept(each):
    assert len(drawn_evenly(photos("a", 50), each)) == 50
