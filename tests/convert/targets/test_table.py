import numpy as np
import pytest

from convert.targets.table import TARGETS
from convert.tflite.operators import operators
from convert.to_tflite import parse
from edge_runtime.classifier import LesionClassifier
from edge_runtime.model.file import read_model_file
from edge_runtime.model.interpreter import open_interpreter
from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.photos.preprocessing import load_pixels

WORDS = ["model.keras", "--manifest", "m.csv"]


@pytest.fixture(scope="module")
def val(drawn_manifest):
    return photos_of(read_manifest(drawn_manifest), "val")


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda each: each.name)
def test_file_obeys_the_rules_of_its_target(file_for, target):
    file = read_model_file(file_for(target.name))
    model = open_interpreter(file.model)
    size_px = target.feeds_px or 32
    assert model.input_shape == (1, size_px, size_px, 3)
    assert (model.input.dtype_name, model.output.dtype_name) == (target.io[0],) * 2
    assert file.card.input.size_px == size_px
    assert file.card.provenance.conversion["target"] == target.name
    expected = ("malignant", "other") if target.two_classes else ("malignant",)
    assert file.labels == expected
    last = operators(file.model)[-1].outputs[0]
    assert last.shape == (1, len(expected))
    beside = file_for(target.name).with_suffix(".labels.txt")
    assert beside.exists() == target.labels_beside
    if target.labels_beside:
        assert beside.read_text() == "malignant\nother\n"


@pytest.mark.parametrize("target", TARGETS)
def test_batch_is_one_and_never_of_unknown_size(file_for, target):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=read_model_file(file_for(target)).model)
    for edge in (interpreter.get_input_details(), interpreter.get_output_details()):
        assert -1 not in edge[0]["shape_signature"]
        assert edge[0]["shape"][0] == 1


def test_two_class_targets_name_the_class_that_the_card_would(file_for, val):
    file = LesionClassifier.load(file_for("python"))
    threshold = file.card.threshold.score
    pixels = [load_pixels(photo.path, 32) for photo in val]
    expected = np.array([file.score(each) >= threshold for each in pixels])
    assert 0 < expected.sum() < len(val)
    for target in ("mediapipe", "task-library", "coral"):
        two = read_model_file(file_for(target))
        model = open_interpreter(two.model)
        outputs = np.array([model.infer(each[np.newaxis]) for each in pixels])
        np.testing.assert_array_equal(outputs.argmax(axis=1) == 0, expected)
        assert (outputs[:, 0] != outputs[:, 1]).all()
        card = two.card
        assert (card.threshold.score, card.threshold.probability) == (0.5, 0.5)
        assert card.threshold.recall == file.card.threshold.recall
        assert card.threshold.specificity == file.card.threshold.specificity
        assert card.provenance.conversion["threshold_before_shift"] == threshold


def test_rpicam_file_is_judged_as_it_is_fed(file_for, val):
    # The camera's program shrinks to 224 px; what the card claims was measured so.
    path = file_for("rpicam")
    classifier = LesionClassifier.load(path)
    scores = [classifier.score(load_pixels(photo.path, 224)) for photo in val]
    found = [
        score >= 0.5
        for score, photo in zip(scores, val, strict=True)
        if photo.malignant
    ]
    recall = classifier.card.threshold.recall
    assert (sum(found), len(found)) == (recall.successes, recall.n)
    assert recall.value >= 0.95


def test_float_file_with_two_classes_keeps_the_threshold(file_for, val):
    card = read_model_file(file_for("mediapipe", "float32")).card
    assert card.threshold.probability == 0.5
    assert card.threshold.recall.value >= 0.95
    # Both are shifted alike. What is left is float32's rounding of the Keras model's
    # probabilities near 1, from which logits are taken back.
    assert card.comparison.largest_difference < 0.01
    assert card.comparison.mean_difference < 0.001


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--target", "mediapipe", "--io", "int8"], "takes uint8 or float32"),
        (["--target", "web", "--io", "int8"], "takes uint8 or float32"),
        (["--target", "coral", "--recipe", "float16"], "gives nothing it could run"),
        (["--target", "microcontroller", "--io", "uint8"], "takes int8"),
        (["--target", "rpicam", "--recipe", "dynamic_int8"], "runs ptq_int8, qat_int8"),
    ],
)
def test_what_a_target_cannot_run_is_a_usage_error(words, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        parse([*WORDS, *words])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda each: each.name)
def test_target_alone_sets_the_edges(target):
    assert parse([*WORDS, "--target", target.name]).io == target.io[0]
