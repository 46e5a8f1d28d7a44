import json

import numpy as np
import pytest
from scipy import stats

from benchmarks.errors import BenchmarkError
from benchmarks.generated.help_bench import parse_arguments, run
from benchmarks.generated.help_rows import in_words, mean_of
from benchmarks.generated.shares import share_of_train
from edge_runtime.photos.manifest import photos_of, read_manifest


@pytest.fixture
def learnt():
    """What was trained on, as (real, generated, seed); see ``train``."""
    return []


@pytest.fixture
def train(learnt):
    def trained(manifest, folder, seed):
        photos = photos_of(read_manifest(manifest), "train")
        generated = sum(photo.columns["synthetic"] == "1" for photo in photos)
        learnt.append((len(photos) - generated, generated, seed))
        folder.mkdir()
        (folder / "model.keras").touch()

    return trained


@pytest.fixture
def words(real, generated, tmp_path):
    def made(*more):
        return parse_arguments(
            [
                *("--manifest", str(real), "--generated", str(generated["good"])),
                *("--shares", "0.25", "0.5", "--doses", "1", "--seeds", "2"),
                *("--out", str(tmp_path), "--network", "lesion64", "--epochs", "3"),
                *more,
            ]
        )

    return made


def test_every_share_is_trained_alone_and_with_photos_for_every_seed(
    words, train, learnt
):
    report = run(words(), train)
    few, many = learnt[0][0], learnt[2][0]
    kinds = [(few, 0), (few, few), (many, 0), (many, many)]
    assert learnt == [(*kind, seed) for seed in (0, 1) for kind in kinds]
    assert 0 < few < many < 240
    assert report.training == ("--network", "lesion64", "--epochs", "3")
    assert {*report.rows[0].test} == {"vienna", "barcelona"}


def test_a_stopped_bench_goes_on(words, train, learnt, tmp_path):
    run(words(), train)
    (tmp_path / "real25_good_1x_seed1.json").unlink()
    learnt.clear()
    run(words(), train)
    assert not learnt  # The finished training was there; only its row was missing.
    assert len(json.loads((tmp_path / "help.json").read_text())["rows"]) == 8


def test_rows_of_other_options_are_refused(words, train):
    run(words(), train)
    with pytest.raises(BenchmarkError, match="other photos or options"):
        run(words("--draws", "100"), train)


def test_the_table_tells_means_and_differences(words, train, tmp_path):
    report = run(words(), train)
    text = (tmp_path / "help.md").read_text()
    alone = [mean_of(row.test) for row in report.rows if not row.generated]
    assert f"| none | 2 | {alone[0]:.3f}" not in text  # Sources stand in between.
    assert f"{alone[0]:.3f} (" in text
    assert "of good" in text
    assert "+0.000 (+0.000 to +0.000)" in text  # The judge here learns nothing.


def test_too_few_generated_photos_are_told(words, train, learnt):
    with pytest.raises(BenchmarkError, match="Draw more"):
        run(words("--doses", "9"), train)
    assert not learnt


def test_a_smaller_share_is_part_of_a_larger_one(real):
    photos = read_manifest(real)
    paths = [
        {photo.path for photo in share_of_train(photos, share, 0)}
        for share in (0.1, 0.5, 1.0)
    ]
    assert paths[0] < paths[1] < paths[2] == {photo.path for photo in photos}
    held = {photo.path for photo in photos if photo.split != "train"}
    assert held < paths[0]
    other = {photo.path for photo in share_of_train(photos, 0.5, 1)}
    assert other != paths[1]
    assert len(paths[1] - held) == pytest.approx(120, abs=30)


@pytest.mark.parametrize("count", range(2, 8))
def test_the_interval_is_students(count):
    values = np.random.default_rng(count).standard_normal(count)
    low, high = stats.t.interval(0.95, count - 1, np.mean(values), stats.sem(values))
    assert in_words([*values]) == f"{values.mean():.3f} ({low:.3f} to {high:.3f})"
