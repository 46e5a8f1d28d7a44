"""The gate between two commits, with measurements of which one side is planted."""

import contextlib
import dataclasses

import numpy as np
import pytest

from benchmarks import gate
from benchmarks.errors import BenchmarkError
from benchmarks.measure.measurement import PhotoScore


@pytest.fixture
def measured(monkeypatch, result, tmp_path):
    """Function: runs the gate where this checkout is slower, or scores lower."""

    @contextlib.contextmanager
    def checked_out(commit, folder):
        yield tmp_path / commit

    def run(slower=1.0, lower=0.0):
        asked = []

        def measure(case, tell, checkout):
            asked.append(checkout)
            now = checkout == gate.CHECKOUT
            samples = np.random.default_rng(len(asked)).gamma(100, 0.1, 200)
            samples = tuple(samples * (slower if now else 1.0))
            scores = tuple(
                PhotoScore(
                    photo.photo, photo.malignant, photo.lesion, False,
                    0.51 - lower * now, usable=True,
                )
                for photo in case.photos
            )  # fmt: skip
            timing = dataclasses.replace(
                result.measurement.timing,
                interpreter_ms=samples,
                photo_to_verdict_ms=samples,
            )
            return dataclasses.replace(result.measurement, timing=timing, scores=scores)

        monkeypatch.setattr(gate, "checked_out", checked_out)
        monkeypatch.setattr(gate, "measure_in_fresh_process", measure)
        return gate.main(["--before", "earlier", "--turns", "3"]), asked

    return run


def test_the_same_code_passes_and_both_sides_take_turns(measured, tmp_path):
    status, asked = measured()
    assert status == 0
    first, second = tmp_path / "earlier", gate.CHECKOUT
    assert asked == [first, second, second, first, first, second]


def test_a_slower_runtime_fails(measured, capsys):
    assert measured(slower=1.3)[0] == 4
    assert "latency 1.3" in capsys.readouterr().err


def test_another_call_fails(measured, capsys):
    assert measured(lower=0.02)[0] == 4
    assert "calls -1.000" in capsys.readouterr().err


def test_other_scores_that_call_alike_pass(measured):
    assert measured(lower=0.005)[0] == 0


def test_every_drawing_is_turned_and_both_kinds_are_there(root, tmp_path):
    photos = gate.turned_photos(root / "samples", tmp_path / "photos")
    assert len({photo.photo for photo in photos}) == len(photos) > 150
    assert {photo.malignant for photo in photos} == {True, False}
    assert all((tmp_path / "photos" / photo.photo).is_file() for photo in photos)


def test_a_folder_without_drawings_says_what_was_expected(tmp_path):
    with pytest.raises(BenchmarkError, match=r"drawn_\*\.png"):
        gate.turned_photos(tmp_path, tmp_path / "photos")


def test_a_commit_that_is_not_there_is_an_error(capsys):
    assert gate.main(["--before", "no-such-commit"]) == 1
    assert "no-such-commit" in capsys.readouterr().err
