import numpy as np
import pytest
from PIL import Image

from benchmarks.errors import BenchmarkError
from benchmarks.robustness import leave_one_out
from benchmarks.robustness.leave_one_out import (
    Settings,
    markdown,
    parse_arguments,
    run,
)
from benchmarks.robustness.run_scores import RunScores
from edge_runtime.photos.manifest import (
    COLUMNS,
    photos_of,
    read_manifest,
    write_manifest,
)

COUNTS = {"train": 20, "val": 60, "test": 60}
SHARE = {"near": 2, "far": 2, "other": 12}
"""One photo in so many is malignant; ``other`` has too few to count."""


@pytest.fixture
def manifest(tmp_path):
    """Three sources of one-pixel photos, which nobody looks at."""
    rows = []
    Image.new("RGB", (1, 1)).save(tmp_path / "p.png")
    for source, every in SHARE.items():
        for split, count in COUNTS.items():
            for place in range(count):
                name = f"{source}_{split}_{place}.png"
                (tmp_path / name).write_bytes((tmp_path / "p.png").read_bytes())
                label = "malignant" if place % every == 0 else "benign"
                values = (name, label, split, name, "0", source)
                names = (*COLUMNS, "source")
                rows.append(dict(zip(names, values, strict=True)))
    write_manifest(tmp_path / "all.csv", rows)
    return tmp_path / "all.csv"


@pytest.fixture
def trained(monkeypatch):
    """Manifests that were trained on; a run knows lesions of its sources alone."""
    seen = []

    def train(path, folder):
        learnt = photos_of(read_manifest(path), "train")
        seen.append({photo.columns["source"] for photo in learnt})
        folder.mkdir()
        (folder / "model.keras").write_text("")
        (folder / "knows").write_text(" ".join(seen[-1]))

    def scores(folder, path, split):
        knows = (folder / "knows").read_text().split()
        photos = photos_of(read_manifest(path), split)
        noise = np.random.default_rng(0).random(len(photos))
        told = [
            0.9 * photo.malignant + 0.05 if photo.columns["source"] in knows else chance
            for photo, chance in zip(photos, noise, strict=True)
        ]
        return RunScores(np.array(told), np.zeros((len(photos), 1)))

    monkeypatch.setattr(leave_one_out, "run_scores", scores)
    train.seen = seen
    return train


def settings(manifest, sources=(), training=("--network", "lesion32")):
    return Settings(manifest, training, sources, manifest.parent / "out")


def test_every_source_that_counts_is_left_out_and_judged(manifest, trained):
    report = run(settings(manifest), trained)
    assert [fold.left_out for fold in report.folds] == [("far",), ("near",)]
    assert trained.seen == [{"near", "other"}, {"far", "other"}]
    for fold in report.folds:
        (quality,) = fold.quality
        assert quality.source == fold.left_out[0]
        assert (quality.malignant, quality.other) == (30, 30)
        # What it never saw, it judges by chance.
        assert 0.3 < quality.auc < 0.7
        # Of the other sources' validation photos: the malignant ones score 0.95.
        assert fold.threshold == pytest.approx(0.95)
        assert fold.n_train == 40


def test_validation_photos_of_the_source_left_out_choose_nothing(manifest, trained):
    run(settings(manifest, ("near",)), trained)
    fold = read_manifest(manifest.parent / "out" / "without_near.csv")
    assert "near" not in {x.columns["source"] for x in photos_of(fold, "val")}
    assert "near" in {x.columns["source"] for x in photos_of(fold, "test")}


def test_sources_of_one_camera_are_left_out_together(manifest, trained):
    report = run(settings(manifest, ("near+other",)), trained)
    assert trained.seen == [{"far"}]
    assert [each.source for each in report.folds[0].quality] == ["near", "other"]
    # Five malignant photos tell no AUC.
    assert report.folds[0].quality[1].auc is None


def test_a_stopped_run_goes_on_with_what_is_missing(manifest, trained):
    def stopped(path, folder):
        if trained.seen:
            raise KeyboardInterrupt
        trained(path, folder)

    with pytest.raises(KeyboardInterrupt):
        run(settings(manifest), stopped)
    assert len(trained.seen) == 1
    text = (manifest.parent / "out" / "leave_one_out.md").read_text(encoding="utf-8")
    assert "| far |" in text
    report = run(settings(manifest), trained)
    assert len(trained.seen) == len(report.folds) == 2


def test_folds_of_other_options_are_not_taken_for_these(manifest, trained):
    run(settings(manifest, ("near",)), trained)
    with pytest.raises(BenchmarkError, match="other photos or options"):
        run(settings(manifest, ("near",), ("--network", "lesion64")), trained)


def test_the_table_tells_the_mean_and_what_was_left_out(manifest, trained):
    report = run(settings(manifest), trained)
    text = markdown(report, ("--network", "lesion32"))
    assert "mean of 2" in text
    mean = np.mean([fold.quality[0].auc for fold in report.folds])
    assert f"{mean:.3f}" in text
    assert "--network lesion32" in text
    assert "not a medical device" in text


def test_remaining_time_is_told_from_the_second_training_on(manifest, trained, capsys):
    run(settings(manifest), trained)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "1 of 2: training without far"
    assert second == "2 of 2: training without near, about 1 min left"


def test_unknown_sources_are_named(manifest, trained):
    with pytest.raises(BenchmarkError, match="names nowhere; the test photos are of"):
        run(settings(manifest, ("nowhere",)), trained)


def test_options_of_the_training_are_passed_on():
    given = ["--manifest", "m.csv", "--network", "lesion64", "--epochs", "14"]
    found = parse_arguments([*given, "--batch-size", "64", "--sources", "a", "b+c"])
    assert found.training == (
        *("--network", "lesion64", "--epochs", "14", "--batch-size", "64"),
    )
    assert found.sources == ("a", "b+c")


def test_a_network_must_be_named(capsys):
    with pytest.raises(SystemExit, match="2"):
        parse_arguments(["--manifest", "m.csv"])
    assert "--network or --configuration" in capsys.readouterr().err
