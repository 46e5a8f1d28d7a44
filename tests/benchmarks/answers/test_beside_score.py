import csv
import io
from pathlib import Path

import numpy as np
import pytest

from benchmarks.answers.beside_score import main
from edge_runtime.files.atomic import write_text
from training.synthetic.dataset import draw_table

MODEL = Path(__file__).resolve().parents[3] / "models/cnn32.qat_int8.tflite"


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """Photos of two sources; the column ``tells`` gives the label away."""
    drawn = draw_table(tmp_path_factory.mktemp("drawn"), 60, 60, size_px=48)
    rows = list(csv.DictReader(io.StringIO(drawn.read_text())))
    rng = np.random.default_rng(0)
    for place, row in enumerate(rows):
        row["split"] = ("val", "test")[place % 2]
        row["source"] = "one" if place % 20 else "two"
        row["age"] = str(rng.integers(20, 80))
        row["tells"] = {"malignant": "yes", "benign": "no"}[row["label"]]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    path = drawn.parent / "answers.csv"
    write_text(path, text.getvalue())
    return path


def _words(manifest, out, *more):
    return [str(MODEL), "--manifest", str(manifest), "--out", str(out), *more]


def test_an_answer_that_tells_the_label_is_seen_and_age_is_not(
    manifest, tmp_path, table_rows, capsys
):
    more = ["--source", "one", "--columns", "age", "tells"]
    assert main(_words(manifest, tmp_path, *more)) == 0
    rows = {row[0]: row[1:] for row in table_rows(tmp_path / "beside_score.md")}
    assert rows["tells alone"][0].startswith("1.000")
    assert rows["score and answers"][0].startswith("1.000")
    assert float(rows["age alone"][0][:5]) < 0.75
    assert rows["only which answers are missing"][0].startswith("0.500")
    assert next(iter(rows)) == "cnn32.qat_int8 alone"
    assert "not a medical device" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--source", "three", "--columns", "age"], "expected one of one, two"),
        (["--source", "two", "--columns", "age"], "expected at least 20"),
        (["--columns", "age"], "photos of one, two; expected one source"),
        (["--source", "one", "--columns", "itch"], "lacks the columns ['itch']"),
    ],
)
def test_what_cannot_be_judged_is_said(manifest, tmp_path, capsys, more, said):
    assert main(_words(manifest, tmp_path, *more)) == 1
    assert said in capsys.readouterr().err
    assert not any(tmp_path.iterdir())
