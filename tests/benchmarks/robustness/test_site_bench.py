from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.robustness.site_bench import (
    DRAWS,
    Scored,
    calibrated_rates,
    main,
    sites_of,
)
from edge_runtime.photos.manifest import COLUMNS, read_manifest, write_manifest
from training.synthetic.dataset import draw_table

MODEL = Path(__file__).resolve().parents[3] / "models" / "cnn32.qat_int8.tflite"
RNG = np.random.default_rng(0)
LABELS = np.repeat([0, 1], 500)
SITE = Scored(LABELS, RNG.normal(LABELS, 0.5))
TRIED = Scored(LABELS, RNG.normal(LABELS, 0.5))


def test_all_of_a_sites_photos_give_one_threshold():
    rates = calibrated_rates(SITE, TRIED, LABELS.size)
    assert rates.shape == (DRAWS, 2)
    assert len(np.unique(rates, axis=0)) == 1
    # Normal scores of deviation 0.5: recall 0.95 lies at 1 - 1.645 x 0.5, where 0.64
    # of the others are below. 500 photos tell a share to about 0.02.
    np.testing.assert_allclose(rates[0], [0.95, 0.638], atol=0.06)


def test_more_photos_tell_the_threshold_better():
    spread = [
        calibrated_rates(SITE, TRIED, count)[:, 0].std() for count in (50, 200, 800)
    ]
    assert spread[0] > spread[1] > spread[2]


def test_draws_without_a_class_are_drawn_again():
    rare = Scored(np.repeat([0, 1], [99, 1]), np.linspace(0, 1, 100))
    rates = calibrated_rates(rare, TRIED, 10)
    # Every threshold is the one malignant photo's score.
    assert len(np.unique(rates, axis=0)) == 1


def test_command_writes_what_it_prints(tmp_path, capsys):
    manifest = draw_table(tmp_path / "photos", 12, 12, size_px=64)
    given = ["--manifest", str(manifest), "--shifts", "darker", "--out", str(tmp_path)]
    assert main([str(MODEL), *given]) == 0
    text = (tmp_path / "sites.md").read_text(encoding="utf-8")
    assert text in capsys.readouterr().out
    assert "darker 2" in text
    assert "not a medical device" in text


def test_missing_model_is_named(tmp_path, capsys):
    manifest = draw_table(tmp_path / "photos", 12, 12, size_px=64)
    assert main([str(tmp_path / "no.tflite"), "--manifest", str(manifest)]) == 1
    assert "no.tflite" in capsys.readouterr().err


@pytest.fixture
def of_sources(tmp_path):
    """Photos of three sources, of which one has few malignant ones."""
    rows = []
    for source, every in {"north": 2, "south": 2, "small": 20}.items():
        for split in ("val", "test"):
            for place in range(44):
                malignant = place % every == 0
                name = f"{source}{split}{place}.png"
                shade = 90 if malignant else 160
                Image.new("RGB", (32, 32), (shade, shade, shade)).save(tmp_path / name)
                values = (name, ("benign", "malignant")[malignant], split, name)
                seen = str(int(split == "test" and place == 1))
                names = (*COLUMNS, "source")
                row = zip(names, (*values, seen, source), strict=True)
                rows.append(dict(row))
    write_manifest(tmp_path / "m.csv", rows)
    return tmp_path / "m.csv"


def test_each_source_with_photos_enough_is_a_site_of_its_own(of_sources):
    sites = sites_of(read_manifest(of_sources))
    assert [site.source for site in sites] == ["north", "south"]
    for site in sites:
        assert {photo.columns["source"] for photo in site.own} == {site.source}
        assert {photo.split for photo in site.own} == {"val"}
        # A lesion known from training is not tried.
        assert len(site.tried) == 43


def test_sources_are_rows_as_taken(of_sources, tmp_path):
    given = ["--manifest", str(of_sources), "--out", str(tmp_path)]
    assert main([str(MODEL), *given]) == 0
    text = (tmp_path / "sites.md").read_text(encoding="utf-8")
    assert "| north, as taken | 22 / 21 |" in text
    assert "| south, as taken | 22 / 21 |" in text
    assert "small" not in text
