import io

import numpy as np
import pytest

from convert.errors import ConversionError
from convert.targets.input_output_types import with_edges
from convert.tflite.operators import operators
from edge_runtime.model.file import read_model_file, write_model_file
from edge_runtime.model.golden import golden_differences
from edge_runtime.model.interpreter import open_interpreter, open_model_file


@pytest.fixture(scope="module")
def shipped(root):
    return read_model_file(root / "models/cnn32.qat_int8.tflite")


def test_int8_edges_give_the_same_scores_on_every_photo(shipped, lesions):
    changed = with_edges(shipped, "int8")
    before, after = open_interpreter(shipped.model), open_interpreter(changed.model)
    outputs = set()
    for photo in lesions(40, 32):
        expected = before.infer(photo[np.newaxis])
        found = after.infer((photo.astype(np.int16) - 128).astype(np.int8)[np.newaxis])
        assert found.dtype == np.int8
        assert int(found[0]) + 128 == int(expected[0])
        outputs.add(int(expected[0]))
    assert len(outputs) > 10


def test_nothing_is_left_of_the_conversion_at_the_edges(shipped):
    kinds = [each.name for each in operators(with_edges(shipped, "int8").model)]
    assert kinds[0] != "QUANTIZE" != kinds[-1]
    assert len(kinds) == len(operators(shipped.model)) - 2


def test_card_and_golden_vectors_follow(shipped, tmp_path):
    changed = with_edges(shipped, "int8")
    path = tmp_path / "changed.tflite"
    write_model_file(path, changed.model, changed.card, changed.labels, changed.golden)
    again = read_model_file(path)
    model = open_model_file(again)
    assert golden_differences(again.golden, model.infer, again.card) == ()
    assert again.card.threshold.score == shipped.card.threshold.score
    assert again.card.threshold.stored == shipped.card.threshold.stored - 128
    before = np.load(io.BytesIO(shipped.golden))["probability"]
    np.testing.assert_array_equal(
        np.load(io.BytesIO(again.golden))["probability"], before
    )


def test_there_and_back_gives_the_same_outputs(shipped, lesions):
    back = with_edges(with_edges(shipped, "int8"), "uint8")
    one, other = open_interpreter(shipped.model), open_interpreter(back.model)
    for photo in lesions(10, 32, seed=3):
        np.testing.assert_array_equal(
            one.infer(photo[np.newaxis]), other.infer(photo[np.newaxis])
        )
    assert back.card.input == shipped.card.input
    assert back.card.output == shipped.card.output


def test_what_fits_stays_as_it_is(shipped):
    assert with_edges(shipped, "uint8") is shipped


def test_floats_are_refused_with_a_way_out(shipped):
    with pytest.raises(ConversionError, match="--io float32"):
        with_edges(shipped, "float32")
