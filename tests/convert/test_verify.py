import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from convert.cards.golden import golden_npz
from convert.cards.golden_pictures import golden_pngs
from convert.verify import main
from edge_runtime.model.file import read_model_file, write_model_file
from edge_runtime.model.interpreter import open_interpreter

SHIPPED = ("cnn32", "cnn64", "cnn128")


@pytest.fixture
def changed(root, tmp_path):
    """A function: the shipped cnn32 with another card or other golden vectors."""

    def write(card=lambda card: card, golden=lambda golden: golden):
        file = read_model_file(root / "models/cnn32.qat_int8.tflite")
        path = tmp_path / "changed.tflite"
        write_model_file(
            path, file.model, card(file.card), file.labels, golden(file.golden)
        )
        return path

    return write


@pytest.mark.parametrize("network", SHIPPED)
def test_shipped_file_keeps_its_promises(root, network, capsys):
    assert main([str(root / f"models/{network}.qat_int8.tflite")]) == 0
    printed = capsys.readouterr().out
    assert "golden vectors" in printed
    assert "FAILED" not in printed


def measured_on(root, manifest):
    """A shipped file whose card is of this very table."""
    digest = hashlib.sha256(manifest.read_bytes()).hexdigest()
    for path in sorted((root / "models").glob("*.tflite")):
        if read_model_file(path).card.data.manifest_sha256 == digest:
            return path
    pytest.skip(f"no shipped file was measured on the photos of {manifest}")


@pytest.mark.slow
def test_accuracy_of_a_shipped_file_is_found_again(root, fanconic, capsys):
    manifest = fanconic / "manifest.csv"
    file = measured_on(root, manifest)
    assert main([str(file), "--manifest", str(manifest)]) == 0
    printed = capsys.readouterr().out
    # models/README.md states them: recall with specificity.
    stated = (root / "models/README.md").read_text(encoding="utf-8")
    (seen,) = re.findall(
        r"accuracy on test \(.*?recall (.*?), specificity ([\d.]+)", printed
    )
    for figure in seen:
        assert figure in stated
    for split in ("val", "test", "test_clean"):
        assert f"accuracy on {split} (" in printed


def test_other_photos_are_noticed(root, drawn_manifest, capsys):
    file = root / "models/cnn32.qat_int8.tflite"
    assert main([str(file), "--manifest", str(drawn_manifest)]) == 4
    printed = capsys.readouterr().out
    assert "on the card. Are these its photos?" in printed


def test_golden_vectors_of_another_model_are_noticed(changed, root, capsys):
    card = read_model_file(root / "models/cnn32.qat_int8.tflite").card

    def inverted(_):
        model = open_interpreter(
            read_model_file(root / "models/cnn32.qat_int8.tflite").model
        )
        return golden_npz(
            golden_pngs(32), lambda stored: 255 - model.infer(stored), card
        )

    assert main([str(changed(golden=inverted))]) == 4
    printed = capsys.readouterr().out
    assert "FAILED  golden vectors" in printed
    assert "invoke differs by" in printed
    assert "ok      tensors are those of the card" in printed


def test_card_that_misdescribes_the_graph_is_noticed(changed, capsys):
    def lie(card):
        kinds = {**card.provenance.quantisation, "Dense": "int8, per channel"}
        return replace(card, provenance=replace(card.provenance, quantisation=kinds))

    assert main([str(changed(card=lie))]) == 4
    assert "FAILED  graph is what the recipe says" in capsys.readouterr().out


def test_metadata_of_another_name_are_noticed(changed, capsys):
    path = changed(card=lambda card: replace(card, name="cnn33.qat_int8"))
    assert main([str(path)]) == 4
    assert "does not name cnn33.qat_int8" in capsys.readouterr().out


def test_damage_is_an_error_and_no_traceback(root, tmp_path, capsys):
    content = bytearray((root / "models/cnn32.qat_int8.tflite").read_bytes())
    content[5000] ^= 1
    path = tmp_path / "damaged.tflite"
    path.write_bytes(content)
    assert main([str(path)]) == 1
    assert "SHA-256" in capsys.readouterr().err


def test_needs_neither_tensorflow_nor_keras(root, tmp_path):
    for name in ("tensorflow", "keras", "tf_keras"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')")
    done = subprocess.run(
        [
            sys.executable, root / "convert/verify.py",
            root / "models/cnn32.qat_int8.tflite",
        ],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "imported" in done.stderr) == (0, False), done.stderr


def test_two_classes_demand_a_threshold_of_one_half(changed, tmp_path, root, capsys):
    from convert.targets.two_classes import LABELS, with_two_classes
    from convert.tflite.metadata import Description, with_metadata

    file = read_model_file(root / "models/cnn32.qat_int8.tflite")
    two, _ = with_two_classes(file.model, file.card.threshold.score)
    # What nobody should build: two classes, the old threshold.
    import hashlib

    model = with_metadata(
        two, Description(file.card.name, "t", "0", "us", "none", 32, 0.0, 255.0)
    )
    card = replace(file.card, model_sha256=hashlib.sha256(model).hexdigest())
    path = tmp_path / "two.tflite"
    opened = open_interpreter(model)
    golden = golden_npz(golden_pngs(32), opened.infer, card)
    write_model_file(path, model, card, LABELS, golden)
    assert main([str(path)]) == 4
    assert "the threshold is not 0.5" in capsys.readouterr().out
    assert np.all(opened.infer(np.zeros((1, 32, 32, 3), np.uint8)) >= 0)
