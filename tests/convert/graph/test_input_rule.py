import keras
import numpy as np
import pytest

from convert.graph.fold_batch_norm import folded
from convert.graph.head import PROBABILITY, Head
from convert.graph.input_rule import InputRule
from convert.graph.nodes import built
from convert.source.model import Source, read_source

layers = keras.layers
SIZE_PX = 16
RED, GREEN, BLUE = range(3)


def _pixels(n=8):
    generator = np.random.default_rng(2)
    noise = generator.random((n, SIZE_PX, SIZE_PX, 3)) * generator.random((n, 1, 1, 3))
    return np.round(noise * 255).astype(np.float32)


def _source(tmp_path, model, **options):
    model.save(tmp_path / "mine.keras")
    return read_source(tmp_path / "mine.keras", **options)


def _rebuilt(source, real):
    return np.asarray(built(folded(source.nodes), SIZE_PX)(real))[:, 0]


class TestInputRule:
    """A model that looks at one colour tells which one it was given."""

    @staticmethod
    def _mean_of(channel, scale, offset):
        given = keras.Input((SIZE_PX, SIZE_PX, 3))
        inner = layers.Conv2D(4, 3, padding="same", name="eye")(given)
        inner = layers.GlobalAveragePooling2D()(inner)
        model = keras.Model(given, layers.Dense(1, activation="sigmoid")(inner))
        eye = model.get_layer("eye")
        kernel, bias = eye.get_weights()
        kernel[:], bias[:] = 0, 0
        kernel[1, 1, channel] = 1
        eye.set_weights([kernel, bias])
        model.layers[-1].set_weights([np.full((4, 1), scale / 4), np.array([offset])])
        return model

    @pytest.mark.parametrize(
        ("word", "low", "high"), [("0..1", 0, 1), ("0..255", 0, 255), ("-1..1", -1, 1)]
    )
    @pytest.mark.parametrize("order", ["rgb", "bgr"])
    def test_the_model_sees_what_it_was_trained_on(
        self, word, low, high, order, tmp_path
    ):
        # The first channel, red or blue, in a range such that the score spreads.
        model = self._mean_of(0, 8 / (high - low), -4 * (low + high) / (high - low))
        source = _source(tmp_path, model, rule=InputRule(word, order))
        pixels = _pixels()
        colour = BLUE if order == "bgr" else RED
        expected = 1 / (1 + np.exp(4 - 8 * pixels[..., colour].mean((1, 2)) / 255))
        assert np.ptp(expected) > 0.1
        np.testing.assert_allclose(source.scores(pixels / 255), expected, atol=1e-5)
        np.testing.assert_allclose(_rebuilt(source, pixels / 255), expected, atol=1e-5)

    @pytest.mark.parametrize(
        ("first", "word"),
        [
            ([layers.Rescaling(1 / 255)], "0..255"),
            ([layers.RandomFlip(), layers.Rescaling(1 / 127.5, offset=-1)], "0..255"),
            (
                [
                    layers.Normalization(
                        mean=[90.0, 120, 80], variance=[900.0, 400, 100]
                    )
                ],
                "0..255",
            ),
            ([], "0..1"),
        ],
        ids=["rescaling", "augmentation-first", "normalization", "neither"],
    )
    @pytest.mark.parametrize("padding", ["valid", "same"])
    def test_a_scaling_layer_is_folded_and_tells_the_range(
        self, first, word, padding, tmp_path
    ):
        backbone = keras.Sequential(
            [
                keras.Input((SIZE_PX, SIZE_PX, 3)),
                *(type(layer).from_config(layer.get_config()) for layer in first),
                layers.Conv2D(5, 3, padding=padding),
            ]
        )
        given = keras.Input((SIZE_PX, SIZE_PX, 3))
        inner = layers.GlobalAveragePooling2D()(backbone(given))
        model = keras.Model(given, layers.Dense(1, activation="sigmoid")(inner))
        model.layers[-1].set_weights([np.full((5, 1), 3.0), np.zeros(1)])
        source = _source(tmp_path, model)
        assert source.rule == InputRule(word)
        assert source.rule_found.startswith("read from the model") == bool(first)
        pixels = _pixels()
        given = pixels if word == "0..255" else pixels / 255
        expected = np.asarray(model(given, training=False))[:, 0]
        assert np.ptp(expected) > 1e-3
        np.testing.assert_allclose(_rebuilt(source, pixels / 255), expected, atol=1e-5)
        kinds = [node.kind for node in folded(source.nodes)]
        assert not {"Affine", "Rescaling", "Normalization"} & set(kinds)
        # Where the convolution pads, zeros would be scaled with the rest.
        shifts = word == "0..255" and getattr(first[-1], "offset", 1) != 0
        assert kinds.count("DepthwiseConv2D") == (shifts and padding == "same")


def test_a_source_takes_pixels_over_255_by_default():
    source = Source(None, "none", SIZE_PX, "0" * 64, {})
    assert (source.rule, source.head) == (
        InputRule("0..1", "rgb"),
        Head(PROBABILITY, 1),
    )
