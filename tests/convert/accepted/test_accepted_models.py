"""The table of accepted models: its parts at once, one row of it in minutes."""

import dataclasses
import json

import numpy as np
import pytest

from convert.accepted.candidates import CANDIDATES
from convert.accepted.judging import Row, Supply, why_not
from convert.accepted.page import page
from convert.accepted_models import main
from convert.checks.classes import diagnoses_of
from convert.graph.head import SHARES
from edge_runtime.measuring.machine import describe_machine
from edge_runtime.photos.manifest import read_manifest

ROW = Row(
    name="cnn", about="a CNN", recipe="qat_int8", size_px=64, parameters=12345,
    auc_keras=0.91, auc_file=0.905, mean_difference=0.0123, largest_difference=0.1,
    size_bytes=98765, seconds=61.4, gates=("auc-drop",), left_alone=2, refused="",
    commit="abc",
)  # fmt: skip


def test_names_of_rows_are_unique_and_each_can_be_converted_to_int8():
    names = [each.name for each in CANDIDATES]
    assert len({*names}) == len(names)
    assert all("ptq_int8" in each.recipes for each in CANDIDATES)
    assert {each.suffix for each in CANDIDATES} == {".keras", ".h5", ""}


def test_rows_that_lack_what_they_need_say_what(drawn_manifest, tmp_path):
    photos = read_manifest(drawn_manifest)
    supply = Supply(drawn_manifest, photos, tmp_path, tmp_path / "none", 1, "abc")
    reasons = {each.name: why_not(each, supply) for each in CANDIDATES}
    assert "has no mobilenet_2_5" in reasons["mobilenet_imagenet"]
    assert "fewer than three diagnoses" in reasons["diagnoses"]
    needing = {each.name for each in CANDIDATES if each.weights or each.kind == SHARES}
    assert {name for name, why in reasons.items() if why} == needing
    with pytest.raises(Exception, match="tells 0 of them"):
        diagnoses_of(photos)


def test_page_shows_what_was_measured_refused_and_left_out():
    refused = dataclasses.replace(
        ROW, name="vit", refused="no kernel", auc_file=None, mean_difference=None,
        largest_difference=None, size_bytes=None,
    )  # fmt: skip
    text = page(
        [ROW, refused], {"elu, `ptq_int8`": "not run yet"}, "python x", "Drawn photos.",
        describe_machine(),
    )  # fmt: skip
    assert (
        "| cnn | a CNN | 64 | 12,345 | `qat_int8` (2) | 0.9100 | 0.9050 | 0.0123 |"
        " 0.100 | 99 | 61 | auc-drop |"
    ) in text
    assert "- vit, `qat_int8` (AUC Keras 0.9100): no kernel" in text
    assert "- elu, `ptq_int8`: not run yet" in text
    assert "not a medical device" in text


def test_unknown_rows_are_refused(tmp_path, drawn_manifest, capsys):
    words = ["--only", "nix", "--out", str(tmp_path), "--manifest", str(drawn_manifest)]
    assert main(words) == 1
    assert "--only nix: no such row; expected some of cnn" in capsys.readouterr().err


@pytest.mark.long
def test_a_row_is_made_once_and_goes_on_where_it_stopped(
    tmp_path, drawn_manifest, capsys
):
    words = ["--only", "cnn_01,cnn_saved_model", "--out", str(tmp_path / "out")]
    words += ["--manifest", str(drawn_manifest), "--page", str(tmp_path / "page.md")]
    words += ["--recipe", "ptq_int8"]
    assert main(words) == 0
    assert "1 to go, about" in capsys.readouterr().err
    rows = [
        json.loads(line)
        for line in (tmp_path / "out/rows.jsonl").read_text().splitlines()
    ]
    assert [row["name"] for row in rows] == ["cnn_01", "cnn_saved_model"]
    assert all(np.isfinite(row["mean_difference"]) for row in rows)
    assert all(row["mean_difference"] < 0.05 for row in rows)
    text = (tmp_path / "page.md").read_text()
    assert "| cnn_01 | fed 0..1 | 64 |" in text
    assert "- vit, `qat_int8`: not run yet" in text
    assert main(words) == 0
    assert "to go" not in capsys.readouterr().err
    assert (tmp_path / "page.md").read_text().count("| cnn_01 |") == 1
