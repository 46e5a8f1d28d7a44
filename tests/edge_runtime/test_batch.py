"""Many photos side by side give what one after the other gives."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from edge_runtime.batch import judged


@pytest.fixture
def photos(drawn, encoded, tmp_path):
    for seed in range(40):
        content = encoded(
            drawn(64, 64, seed=seed, skin=(60 + 4 * seed, 90, 80)), "JPEG"
        )
        (tmp_path / f"{seed:02}.jpg").write_bytes(content if seed % 9 else b"broken")
    return sorted(tmp_path.iterdir())


def told(outcomes):
    return [
        (outcome.photo, outcome.verdict and outcome.verdict.probability, outcome.error)
        for outcome in outcomes
    ]


@pytest.mark.parametrize("workers", [2, 7])
def test_workers_change_neither_order_nor_verdicts(classifier, photos, workers):
    assert told(judged(classifier, photos, workers)) == told(
        judged(classifier, photos, 1)
    )


def test_photos_are_taken_a_few_ahead_only(classifier, photos):
    taken = []
    source = (taken.append(photo) or photo for photo in photos)
    outcomes = judged(classifier, source, 2)
    next(outcomes)
    assert len(taken) < 15
    outcomes.close()
    assert len(taken) < 15


@pytest.mark.long
def test_eight_threads_with_a_thousand_photos_each(classifier, drawn, encoded):
    photos = [
        encoded(drawn(64, 64, seed=seed, skin=(60 + seed % 140, 90, 80)), "JPEG")
        for seed in range(1000)
    ]
    expected = [classifier.classify(photo).probability for photo in photos]
    together = threading.Barrier(8)

    def classify_all(_):
        together.wait()
        return [classifier.classify(photo).probability for photo in photos]

    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(classify_all, range(8)):
            assert found == expected
    assert len(set(expected)) > 5
