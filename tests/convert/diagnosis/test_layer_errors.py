import numpy as np
import pytest
import tf_keras

from convert.diagnosis.layer_errors import culprit, layer_errors
from convert.diagnosis.layer_report import advice, csv_text, picture, table_text
from convert.errors import AuditError, ConversionError
from convert.graph.custom_layers import ChannelClamp, HardSwish
from convert.quantize.export import flatbuffer
from convert.quantize.mixed_precision import refuse_unknown_layers
from convert.quantize.qat import fine_tuned, learnt
from convert.quantize.recipes import RECIPES, FineTuning
from convert.tflite.audit import audit
from convert.tflite.operators import operators
from edge_runtime.model.interpreter import open_interpreter
from edge_runtime.photos.preprocessing import resize
from training.fitting.batches import AugmentedPhotos

SIZE_PX = 16
layers = tf_keras.layers


def _plain(square, size_px, _rng, _strength):
    return resize(square, size_px)


@pytest.fixture(scope="module")
def pixels():
    generator = np.random.default_rng(4)
    squares = generator.integers(0, 256, (32, SIZE_PX, SIZE_PX, 3))
    squares[0, 0, 0], squares[0, 0, 1] = 0, 255
    return (squares * generator.random((32, 1, 1, 1))).astype(np.uint8)


@pytest.fixture(scope="module")
def model():
    """One layer, ``spiky``, has a value far above all others: int8 cannot carry it."""
    tf_keras.utils.set_random_seed(0)
    given = tf_keras.Input((SIZE_PX, SIZE_PX, 3))
    inner = layers.Conv2D(8, 3, activation="relu", name="sound")(given)
    inner = layers.Conv2D(8, 3, name="spiky")(inner)
    inner = layers.DepthwiseConv2D(1, name="evened")(inner)
    inner = layers.ReLU(6.0, name="clipped")(inner)
    inner = layers.GlobalAveragePooling2D(name="pooled")(inner)
    outputs = layers.Dense(1, activation="sigmoid", name="probability")(inner)
    model = tf_keras.Model(given, outputs)
    kernel, bias = model.get_layer("spiky").get_weights()
    kernel[..., 0] *= 300
    model.get_layer("spiky").set_weights([kernel, bias])
    kernel, bias = model.get_layer("evened").get_weights()
    kernel[:] = 1
    kernel[:, :, 0] /= 300
    model.get_layer("evened").set_weights([kernel, bias])
    return model


def _file(model, recipe, pixels, keep_float=()):
    real = pixels.astype(np.float32)[:, None] / 255
    return flatbuffer(
        model,
        RECIPES[recipe],
        size_px=SIZE_PX,
        io="uint8",
        representative=lambda: iter(real),
        keep_float=keep_float,
    )


@pytest.fixture(scope="module")
def floating(model, pixels):
    return _file(model, "float32", pixels)


@pytest.fixture(scope="module")
def fine_tune(model, pixels):
    def tune(*keep_float):
        photos = AugmentedPhotos(
            list(pixels), np.arange(32) % 2, SIZE_PX, _plain, 16, seed=0
        )
        shown = pixels.astype(np.float32) / 255
        return fine_tuned(model, photos, shown, FineTuning(1, 0.0, keep_float))

    return tune


@pytest.fixture(scope="module", params=["ptq_int8", "qat_int8"])
def errors(request, model, pixels, floating, fine_tune):
    given = fine_tune() if request.param == "qat_int8" else model
    return layer_errors(floating, _file(given, request.param, pixels), pixels[:8])


def _of(errors, layer):
    return next(each for each in errors if each.layer.removeprefix("quant_") == layer)


class TestLayerErrors:
    def test_names_every_layer_worst_first(self, errors):
        assert {"sound", "spiky", "evened", "probability"} <= {x.layer for x in errors}
        ratios = [each.snr_db for each in errors]
        assert ratios == sorted(ratios)

    def test_finds_where_the_error_starts(self, errors):
        # Sound: a step of 255 over a range filled evenly, 40 dB and more. What follows
        # the spike keeps one or two steps for all other channels.
        assert _of(errors, "sound").snr_db > 30
        assert _of(errors, "evened").snr_db < 15
        assert _of(errors, "evened").cosine < _of(errors, "sound").cosine <= 1

    def test_a_file_has_no_error_against_itself(self, floating, pixels):
        errors = layer_errors(floating, floating, pixels[:2])
        assert {each.snr_db for each in errors} == {200.0}
        assert {each.largest_difference for each in errors} == {0.0}
        assert culprit(errors, {each.layer for each in errors}) is None

    def test_sixteen_bits_are_far_better(self, model, floating, pixels):
        file = _file(model, "int16x8", pixels)
        audit(file, int8=True)
        opened = open_interpreter(file)
        assert (opened.input.dtype_name, opened.output.dtype_name) == ("float32",) * 2
        errors = layer_errors(floating, file, pixels[:8])
        assert _of(errors, "evened").snr_db > 25

    def test_report_tells_the_same_as_the_numbers(self, errors):
        rows = csv_text(errors).splitlines()
        assert len(rows) == len(errors) + 1
        assert rows[1].startswith(f"{errors[0].layer},{errors[0].operation},")
        assert table_text(errors, 2).count("\n") == 3
        drawn = picture(errors, "net & file")
        assert drawn.count("<rect") == len(errors) + 1
        assert "net &amp; file" in drawn

    def test_advice_names_only_what_can_be_kept(self, errors, model):
        names = {layer.name for layer in model.layers}
        worst = culprit(errors, names)
        assert worst is not None
        assert worst.layer in ("spiky", "evened", "clipped")
        assert f"--keep-float {worst.layer}" in advice(errors, names)
        others = names - {"spiky", "evened", "clipped"}
        assert "--keep-float" not in advice(errors, others)
        assert "int16x8" in advice(errors, others)

    def test_a_layer_with_scopes_of_its_own_has_its_own_name(self, pixels):
        given = tf_keras.Input((SIZE_PX, SIZE_PX, 3))
        inner = layers.Conv2D(4, 3, name="conv")(given)
        inner = HardSwish(name="swish")(inner)
        inner = layers.DepthwiseConv2D(3, use_bias=False, name="deep")(inner)
        inner = ChannelClamp([0.1, 0, 0, 0.2], name="clamp")(inner)
        inner = layers.SeparableConv2D(4, 3, name="separable")(inner)
        inner = layers.GlobalAveragePooling2D(name="pooled")(inner)
        outputs = layers.Dense(1, activation="sigmoid", name="probability")(inner)
        model = tf_keras.Model(given, outputs)
        file = _file(model, "float32", pixels)
        names = {layer.name for layer in model.layers}
        named = [each.layer for each in layer_errors(file, file, pixels[:1], names)]
        assert {"conv", "swish", "deep", "clamp", "separable", "pooled"} <= set(named)
        # What is left is the last sigmoid, which the converter calls as it likes.
        assert len([name for name in named if name not in names]) <= 1

    def test_refuses_files_of_different_models(self, floating, tiny_models, pixels):
        given = tf_keras.Input((SIZE_PX, SIZE_PX, 3))
        other = tf_keras.Model(given, layers.Softmax()(given))
        with pytest.raises(ConversionError, match="no operation in common"):
            layer_errors(floating, _file(other, "float32", pixels), pixels[:1])


class TestKeepFloat:
    KEPT = ("spiky", "evened", "clipped")

    @pytest.mark.parametrize("recipe", ["ptq_int8", "qat_int8"])
    def test_keeps_these_layers_and_no_other(
        self, recipe, model, pixels, floating, fine_tune
    ):
        given = model
        if recipe == "qat_int8":
            given = learnt(fine_tune(*self.KEPT), model)
        file = _file(given, "ptq_int8", pixels, self.KEPT)
        audit(file, int8=True, kept=self.KEPT)
        with pytest.raises(AuditError, match="spiky"):
            audit(file, int8=True)
        found = operators(file)
        conv = [each for each in found if each.name == "CONV_2D"]
        assert [each.inputs[1].dtype for each in conv] == ["int8", "float32"]
        assert open_interpreter(file).input.dtype_name == "uint8"
        whole = _file(fine_tune() if recipe == "qat_int8" else model, recipe, pixels)
        better = _of(layer_errors(floating, file, pixels[:8]), "probability")
        worse = _of(layer_errors(floating, whole, pixels[:8]), "probability")
        assert better.snr_db > worse.snr_db

    def test_names_a_layer_that_is_not_there(self):
        refuse_unknown_layers(["one"], ["one", "two"])
        with pytest.raises(ConversionError, match=r"three: .* Layers: one, two"):
            refuse_unknown_layers(["three"], ["one", "two"])
