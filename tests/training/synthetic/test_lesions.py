"""The drawn photos: the same on every run, in range, and of two kinds."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from edge_runtime.photos.manifest import photos_of, read_manifest
from training.synthetic.dataset import draw_table
from training.synthetic.lesions import SKIN_TONES, draw_lesion
from training.synthetic.samples import main, rotated_jpeg, samples

SAMPLES = Path(__file__).resolve().parents[3] / "samples"


@pytest.fixture(scope="module")
def redrawn():
    return samples(seed=0)


def pixels(content):
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))))


def middle(image):
    size_px = image.shape[0]
    return image[size_px // 3 : -size_px // 3, size_px // 3 : -size_px // 3]


def test_committed_samples_are_what_the_generator_draws(redrawn):
    committed = {path.name for path in SAMPLES.iterdir()} - {"README.md"}
    assert committed == redrawn.keys()
    for name, content in redrawn.items():
        now, then = pixels(content), pixels((SAMPLES / name).read_bytes())
        if name.endswith(".png"):
            assert np.array_equal(now, then), name
        else:
            # JPEG coders may round differently: the mean stays within one level.
            assert np.abs(now.astype(int) - then).mean() < 1, name


def test_samples_are_small_enough_to_live_in_a_repository():
    assert sum(path.stat().st_size for path in SAMPLES.iterdir()) < 1_500_000


def test_every_skin_tone_has_a_sample_of_each_kind(redrawn):
    for tone in SKIN_TONES:
        for kind in ("even", "irregular"):
            assert any(
                name.startswith(f"drawn_tone{tone}_{kind}") for name in redrawn
            ), (tone, kind)


def test_readme_names_the_command_and_calls_the_photos_synthetic():
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    assert "python -m training.synthetic.samples --out samples --seed 0" in readme
    assert "synthetic" in readme


def test_rotated_jpeg_is_stored_on_its_side_and_shown_upright():
    upright = draw_lesion(1, size_px=64)[8:-8]
    stored = Image.open(io.BytesIO(rotated_jpeg(upright)))
    assert stored.size == (48, 64)
    shown = np.asarray(ImageOps.exif_transpose(stored))
    assert shown.shape == upright.shape
    # Quality 92 moves smooth skin by about two levels; a wrong turn by far more.
    assert np.abs(shown.astype(int) - upright).mean() < 4


@pytest.mark.parametrize("malignant_like", [False, True])
def test_same_arguments_draw_the_same_pixels(malignant_like):
    first, second = (
        draw_lesion(7, size_px=48, malignant_like=malignant_like, hair=True)
        for _ in range(2)
    )
    assert first.dtype == np.uint8
    assert first.shape == (48, 48, 3)
    assert np.array_equal(first, second)


def test_another_seed_draws_another_lesion():
    assert not np.array_equal(draw_lesion(1, size_px=48), draw_lesion(2, size_px=48))


@pytest.mark.parametrize("overlay", ["hair", "shadow", "ruler"])
def test_overlays_darken_the_photo_and_move_nothing_else(overlay):
    bare = draw_lesion(3, size_px=64).astype(int)
    covered = draw_lesion(3, size_px=64, **{overlay: True}).astype(int)
    darker = covered < bare - 40
    assert 0.005 < darker.any(axis=2).mean() < 0.6
    # Grain of its own: 5 standard deviations of the difference of two grains.
    assert (covered - bare).max() <= 10


def test_darker_tones_give_darker_skin():
    brightness = [
        draw_lesion(4, size_px=48, skin_tone=tone)[:8, :8].mean() for tone in SKIN_TONES
    ]
    assert brightness == sorted(brightness, reverse=True)


@pytest.mark.parametrize("tone", SKIN_TONES)
@pytest.mark.parametrize("malignant_like", [False, True])
def test_the_lesion_is_darker_than_skin_of_any_tone(tone, malignant_like):
    image = draw_lesion(5, size_px=64, skin_tone=tone, malignant_like=malignant_like)
    assert middle(image).mean() < 0.85 * image[:10].mean()


def test_irregular_lesions_vary_more_in_colour_than_even_ones():
    for seed in range(6):
        even, irregular = (
            middle(draw_lesion(seed, size_px=64, malignant_like=kind)).std(axis=(0, 1))
            for kind in (False, True)
        )
        assert irregular.sum() > even.sum()


@pytest.mark.parametrize(
    ("words", "named"), [({"skin_tone": 7}, "7"), ({"size_px": 8}, "8")]
)
def test_impossible_drawings_are_refused(words, named):
    with pytest.raises(ValueError, match=named):
        draw_lesion(0, **words)


def test_command_writes_every_sample(tmp_path, capsys, redrawn, monkeypatch):
    monkeypatch.setattr("training.synthetic.samples.samples", lambda seed: redrawn)
    assert main(["--out", str(tmp_path / "new")]) == 0
    written = {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()}
    assert written == redrawn
    assert len(capsys.readouterr().out.splitlines()) == len(redrawn)


def test_command_refuses_a_negative_seed(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--seed", "-1"])
    assert stopped.value.code == 2
    assert "got -1" in capsys.readouterr().err


def test_command_names_a_folder_it_cannot_write(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert main(["--out", str(tmp_path / "file")]) == 1
    assert capsys.readouterr().err.startswith("error: cannot write the samples")


def test_drawn_table_is_a_valid_manifest_with_both_classes_in_every_split(tmp_path):
    photos = read_manifest(draw_table(tmp_path, 6, 5, size_px=16))
    assert len(photos) == 11
    for split in ("train", "val", "test"):
        assert {photo.malignant for photo in photos_of(photos, split)} == {True, False}


def test_drawn_table_of_another_seed_shares_no_photo(tmp_path):
    first, second = (
        {
            photo.path.read_bytes()
            for photo in read_manifest(
                draw_table(tmp_path / str(seed), 3, 3, size_px=16, seed=seed)
            )
        }
        for seed in (0, 1)
    )
    assert len(first) == len(second) == 6
    assert not first & second


def test_drawn_table_needs_a_photo_for_each_split(tmp_path):
    with pytest.raises(ValueError, match="2 malignant"):
        draw_table(tmp_path, 2, 5)
    assert not list(tmp_path.iterdir())


def test_spread_of_colour_tells_the_drawn_classes_apart(tmp_path):
    photos = read_manifest(draw_table(tmp_path, 24, 24, size_px=32))
    spread = {
        kind: [
            middle(pixels(photo.path.read_bytes())).std(axis=(0, 1)).sum()
            for photo in photos
            if photo.malignant == kind
        ]
        for kind in (True, False)
    }
    won = np.greater.outer(spread[True], spread[False]).mean()
    # The AUC of one plain number: a network that learns anything reaches it.
    assert won > 0.9
