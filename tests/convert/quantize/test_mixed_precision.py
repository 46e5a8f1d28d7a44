import functools

import pytest

from convert.cards.golden_pictures import golden_pngs
from convert.tflite.operators import operators
from convert.to_tflite import main
from edge_runtime.model.file import read_model_file

STEPS = "3"


@pytest.fixture
def convert(trained_cnn32, drawn_manifest, tmp_path, monkeypatch):
    """A function: convert with these words; the exit status, and the file's path."""
    monkeypatch.setattr(
        "convert.pipeline.steps.golden_pngs", functools.cache(golden_pngs)
    )
    model = str(trained_cnn32 / "model.keras")

    def run(recipe, *words):
        given = [model, "--manifest", str(drawn_manifest), "--out", str(tmp_path)]
        status = main([*given, "--recipe", recipe, "--steps", STEPS, *words])
        return status, tmp_path / f"cnn32.{recipe}.tflite"

    return run


def _names(message):
    return message.partition("Layers: ")[2].strip().split(", ")


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["ptq_int8", "qat_int8"])
def test_command_keeps_the_layer_it_offered(convert, recipe, capsys):
    status, path = convert(recipe, "--keep-float", "none_of_them")
    assert status == 1
    assert not path.exists()
    message = capsys.readouterr().err
    assert "there is no such layer after folding" in message
    # A convolution in the middle: integers before it and behind.
    kept = [name for name in _names(message) if "conv" in name][1]
    # Few drawn photos and three steps: one pair that changes places is 0.0003 of AUC,
    # one malignant photo 0.017 of recall, and which ones do depends on the processor.
    accepted = ["--accept", "auc-drop", "--accept", "recall-drop"]
    status, path = convert(recipe, "--keep-float", kept, *accepted)
    assert status == 0
    file = read_model_file(path)
    assert file.card.provenance.conversion["keep_float"] == kept
    convolutions = [each for each in operators(file.model) if each.name == "CONV_2D"]
    weights = [each.inputs[1].dtype for each in convolutions]
    assert weights == ["int8", "float32", "int8", "int8"]
    assert file.card.input.quantization.dtype_name == "uint8"
