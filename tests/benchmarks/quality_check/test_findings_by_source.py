"""Findings by source: shares, quantiles, and photos that cannot be read."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.quality_check.findings_by_source import drawn, look, main, tables
from edge_runtime.photos.manifest import read_manifest


@pytest.fixture
def manifest(root, tmp_path):
    """Drawn lesions of one source, and of another with glare on every second one."""
    rows = ["path,label,split,lesion,lesion_in_train,source"]
    samples = sorted((root / "samples").glob("drawn_tone*.png"))[:4]
    for place, sample in enumerate(samples):
        picture = np.array(Image.open(sample).convert("RGB"))
        for source in ("clear", "glaring"):
            if source == "glaring" and place % 2:
                picture[: len(picture) // 3] = 255
            path = tmp_path / f"{source}{place}.png"
            Image.fromarray(picture).save(path)
            label = "benign" if place else "malignant"
            rows.append(f"{path},{label},train,{source}{place},0,{source}")
    path = tmp_path / "table.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_shares_are_of_each_source(manifest):
    shares, measures = tables([look(photo) for photo in read_manifest(manifest)])
    place = shares.head.index("clipped")
    found = {row[0]: (row[2], row[place]) for row in shares.rows}
    assert found == {"clear": ("4", "0.0%"), "glaring": ("4", "50.0%")}
    (white,) = (row for row in measures.rows if row[:2] == ("white", "glaring"))
    assert float(white[2]) == 0
    assert float(white[-1]) == pytest.approx(1 / 3, abs=0.02)


def test_the_draw_is_by_source_and_split_and_the_same_again(manifest):
    photos = read_manifest(manifest)
    some = drawn(photos, 2, seed=0)
    assert sorted(photo.columns["source"] for photo in some) == 2 * ["clear"] + 2 * [
        "glaring"
    ]
    assert drawn(photos, 2, seed=0) == some
    assert drawn(photos, None, seed=0) == list(photos)


def test_a_photo_that_cannot_be_read_is_named(manifest, tmp_path, capsys):
    (tmp_path / "clear0.png").write_text("no photo")
    assert main(["--manifest", str(manifest), "--out", str(tmp_path / "out")]) == 3
    said = capsys.readouterr()
    assert "clear0.png" in said.err
    assert said.out == (tmp_path / "out/findings_by_source.md").read_text()
