import dataclasses
import json
import os
import subprocess
import sys

import pytest

from convert.cards.text import card_lines, table
from convert.show import main
from edge_runtime.model.card import FewMalignant, ModelCard
from edge_runtime.model.file import read_model_file


def test_the_notice_stands_first(card):
    assert "not a medical device" in card_lines(card)[0]


def test_recall_never_stands_without_specificity(card):
    lines = card_lines(card)
    heads = [line for line in lines if "recall" in line and "AUC" in line]
    assert heads
    assert all("specificity" in line for line in heads)
    recall, specificity = card.accuracy[0].recall, card.accuracy[0].specificity
    row = next(line for line in lines if line.strip().startswith("validation"))
    for share in (recall, specificity):
        assert f"{share.value:.3f} ({share.low:.3f} to {share.high:.3f}" in row
        assert f"{share.successes} of {share.n}" in row


def test_no_verdict_is_called_benign(card):
    assert "benign" not in "\n".join(card_lines(card)).lower()


def test_overridden_gates_are_shown(card):
    assert not any("overridden" in line for line in card_lines(card))
    values = json.loads(card.to_json())
    values["provenance"]["accepted_gates"] = ["auc drop"]
    overridden = ModelCard.from_json(json.dumps(values))
    assert any("overridden    auc drop" in line for line in card_lines(overridden))


def test_how_the_keras_model_was_fed_and_what_its_classes_are_is_shown(card):
    values = json.loads(card.to_json())
    values["provenance"]["conversion"] = {
        "input_range": "0..255",
        "channel_order": "bgr",
        "input_mean": "103.939,116.779,123.68",
        "input_found": "tried on 240 validation photos",
        "classes": ["mel", "nv", "bcc"],
        "malignant_classes": ["mel", "bcc"],
        "called_malignant_by_diagnosis": {"mel": "9 of 10", "nv": "2 of 30"},
        "class_recall": {"mel": "8 of 10"},
        "class_confusion": {"mel": {"mel": 8, "nv": 2}},
        "class_not_told": 3,
        "only_calibrated": {"norm_1": "normalisation"},
    }
    text = "\n".join(card_lines(ModelCard.from_json(json.dumps(values))))
    assert "pixels in 0..255 bgr, mean 103.939,116.779,123.68; tried on 240" in text
    assert "mel, bcc are added up, of mel, nv, bcc" in text
    assert "mel 9 of 10, nv 2 of 30" in text
    assert "mel: 8 of 10 recognised; taken for nv 2" in text
    assert "; 3 with another diagnosis or none" in text
    assert "not fine-tuned, only calibrated: norm_1 (normalisation)" in text


def test_columns_are_as_wide_as_their_widest_cell():
    assert table(("a", "bb"), [("ccc", "d")]) == ["a    bb", "ccc  d"]


def test_card_operations_and_size_are_printed(model_file, capsys):
    assert main([str(model_file)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("tiny16.ptq_int8: Research and education")
    assert "CONV_2D" in text
    assert "int8 per channel" in text
    assert f"{model_file.stat().st_size:,}" in text


def test_json_holds_the_card_and_the_graph(model_file, capsys):
    assert main([str(model_file), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    card = read_model_file(model_file).card
    assert ModelCard.from_json(json.dumps(shown["card"])) == card
    assert shown["labels"] == ["malignant"]
    assert shown["quantisation"]["Conv2D"] == "int8, per channel"
    size = shown["size"]
    assert size["file_bytes"] == model_file.stat().st_size
    assert size["weight_bytes"] + size["overhead_bytes"] == size["total_bytes"]
    kernels = [operator["name"] for operator in shown["operations"]]
    assert kernels[:2] == ["QUANTIZE", "CONV_2D"]


def test_a_missing_file_is_an_error_without_a_traceback(tmp_path, capsys):
    assert main([str(tmp_path / "none.tflite")]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("error: ")
    assert "none.tflite" in printed.err
    assert printed.out == ""


def test_a_file_without_a_card_is_an_error(tiny_models, tmp_path, capsys):
    path = tmp_path / "bare.tflite"
    path.write_bytes(tiny_models["int8"])
    assert main([str(path)]) == 1
    assert "bare.tflite" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--jsn", "x"]])
def test_wrong_words_end_with_usage(words, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert "usage:" in capsys.readouterr().err


def test_it_runs_as_a_file_from_any_folder(model_file, root, tmp_path):
    done = subprocess.run(
        [sys.executable, root / "convert/show.py", model_file],
        cwd=tmp_path,
        env={name: os.environ[name] for name in ("PATH",) if name in os.environ},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "not a medical device" in done.stdout


def test_sources_have_their_rows_and_no_figure_is_pooled(card):
    (measured,) = card.accuracy
    several = dataclasses.replace(
        card,
        accuracy=(
            dataclasses.replace(measured, source="here"),
            dataclasses.replace(measured, source="there", auc=0.5),
        ),
        threshold=dataclasses.replace(card.threshold, rule="a rule", source="there"),
        few_malignant=(FewMalignant("val", "elsewhere", 3, measured.specificity),),
    )
    text = "\n".join(card_lines(several))
    for words in (
        "here: validation",
        "there: validation",
        "elsewhere: validation",
        "too few malignant photos (3)",
        "mean of 2 sources: validation",
        f"a rule; validation photos; lowest recall {card.threshold.recall.value:.3f}"
        " in there",
    ):
        assert words in text
    together = 2 * (measured.recall.n + measured.specificity.n)
    assert f"{together:,} " not in text
