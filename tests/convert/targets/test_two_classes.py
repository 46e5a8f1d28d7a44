import numpy as np
import pytest

from convert.errors import ConversionError
from convert.targets.two_classes import with_two_classes
from convert.tflite.editing import OpenGraph
from convert.tflite.operators import operators
from edge_runtime.model.file import read_model_file
from edge_runtime.model.interpreter import open_interpreter
from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.photos.preprocessing import load_pixels

SHIPPED = ("cnn32", "cnn64", "cnn128")


def _outputs(model, photos):
    opened = open_interpreter(model)
    table = opened.input.store_pixels(0, 255)
    return np.stack([opened.infer(table[photo][np.newaxis]) for photo in photos])


def _top_class_is_the_verdict(model, threshold, photos):
    single = open_interpreter(model)
    before = single.output.restore(_outputs(model, photos))[:, 0]
    content, _ = with_two_classes(model, threshold)
    after = _outputs(content, photos)
    called = before >= threshold
    # Without ties, or programs that sort in another way would differ.
    np.testing.assert_array_equal(after[:, 0] > after[:, 1], called)
    np.testing.assert_array_equal(after[:, 0] < after[:, 1], ~called)
    return called


@pytest.mark.parametrize("network", SHIPPED)
def test_top_class_is_the_verdict_of_a_shipped_file(lesions, root, network):
    file = read_model_file(root / f"models/{network}.qat_int8.tflite")
    photos = list(lesions(100, file.card.input.size_px))
    called = _top_class_is_the_verdict(file.model, file.card.threshold.score, photos)
    assert 5 < called.sum() < 95


@pytest.mark.slow
@pytest.mark.parametrize("network", SHIPPED[:2])
def test_top_class_is_the_verdict_on_every_validation_photo(root, fanconic, network):
    file = read_model_file(root / f"models/{network}.qat_int8.tflite")
    rows = photos_of(read_manifest(fanconic / "manifest.csv"), "val")
    photos = [load_pixels(row.path, file.card.input.size_px) for row in rows]
    called = _top_class_is_the_verdict(file.model, file.card.threshold.score, photos)
    found = (called & [row.malignant for row in rows]).sum()
    assert found > 0.8 * sum(row.malignant for row in rows)


def test_verdict_holds_at_any_threshold_that_a_model_can_give(lesions, root):
    file = read_model_file(root / "models/cnn32.qat_int8.tflite")
    photos = list(lesions(40, 32, seed=1))
    scores = open_interpreter(file.model).output.restore(_outputs(file.model, photos))
    for threshold in np.unique(scores)[1::6]:
        if 0 < threshold < 1:
            _top_class_is_the_verdict(file.model, float(threshold), photos)


@pytest.mark.parametrize("kind", ["float32", "float16_unfused", "int8_float_edges"])
def test_other_kinds_of_file_keep_the_verdict(lesions, tiny_models, kind):
    photos = list(lesions(60, 16, seed=2))
    opened = open_interpreter(tiny_models[kind])
    scores = opened.output.restore(_outputs(tiny_models[kind], photos))[:, 0]
    threshold = float(np.sort(scores)[30])
    called = _top_class_is_the_verdict(tiny_models[kind], threshold, photos)
    assert called.sum() == (scores >= threshold).sum()


@pytest.mark.parametrize("network", SHIPPED)
def test_outputs_are_shifted_probabilities_that_add_to_one(lesions, root, network):
    file = read_model_file(root / f"models/{network}.qat_int8.tflite")
    photos = list(lesions(60, file.card.input.size_px))
    threshold = file.card.threshold.score
    content, shift = with_two_classes(file.model, threshold)
    before = _outputs(file.model, photos)[:, 0] / 256
    malignant, other = (_outputs(content, photos) / 256).T
    assert np.abs(malignant + other - 1).max() <= 1 / 256
    # Half a step below the threshold's logit, which is sure to be 0.05 wide at most.
    assert shift == pytest.approx(np.log(threshold / (1 - threshold)), abs=0.05)
    inside = (before > 0.1) & (before < 0.9)
    odds = before[inside] / (1 - before[inside]) * np.exp(-shift)
    # The score of the single head is one of 256 too: half a step, and one of the logit.
    assert np.abs(malignant[inside] - odds / (1 + odds)).max() < 0.015


def test_everything_before_the_head_stays(root):
    model = read_model_file(root / "models/cnn32.qat_int8.tflite").model
    content, _ = with_two_classes(model, 0.5)
    before, after = operators(model), operators(content)
    names = [operator.name for operator in before]
    place = names.index("LOGISTIC")
    assert [each.name for each in after] == [
        *names[:place], "FULLY_CONNECTED", *names[place:]
    ]  # fmt: skip
    for old, new in zip(before[:place], after[:place], strict=True):
        assert old.outputs[0].scales == new.outputs[0].scales
        assert [x.constant_bytes for x in old.inputs] == [
            x.constant_bytes for x in new.inputs
        ]


def test_packing_again_changes_no_output_and_keeps_constants_aligned(lesions, root):
    model = read_model_file(root / "models/cnn32.qat_int8.tflite").model
    content = OpenGraph(model).packed()
    photos = list(lesions(20, 32))
    np.testing.assert_array_equal(_outputs(content, photos), _outputs(model, photos))
    assert OpenGraph(content).packed() == OpenGraph(model).packed()
    from ai_edge_litert import schema_py_generated as schema

    start = np.frombuffer(content, np.uint8).__array_interface__["data"][0]
    read = schema.Model.GetRootAs(content, 0)
    places = [
        read.Buffers(number).DataAsNumpy().__array_interface__["data"][0] - start
        for number in range(read.BuffersLength())
        if read.Buffers(number).DataLength()
    ]
    assert len(places) > 10
    assert {place % 16 for place in places} == {0}


def test_model_that_ends_otherwise_is_refused(root):
    model = read_model_file(root / "models/cnn32.qat_int8.tflite").model
    once, _ = with_two_classes(model, 0.5)
    with pytest.raises(ConversionError, match="replaces one sigmoid at the end"):
        with_two_classes(once, 0.5)


def test_threshold_without_a_logit_is_refused(tiny_models):
    with pytest.raises(ConversionError, match="no finite logit"):
        with_two_classes(tiny_models["float32"], 1.0)
