"""The affine map of TFLite tensors."""

import numpy as np
import pytest

from edge_runtime.model.quantization import Quantization

PIXELS = np.arange(256)
# What a TFLite file stores: scales in single precision.
SCALE = float(np.float32(1 / 255))


def test_a_uint8_input_scaled_by_255_stores_the_pixel_itself():
    table = Quantization(SCALE, 0, np.uint8).store_pixels(mean=0, std=255)
    np.testing.assert_array_equal(table, PIXELS)
    assert table.dtype == np.uint8


def test_an_int8_input_scaled_by_255_stores_the_pixel_minus_128():
    table = Quantization(SCALE, -128, np.int8).store_pixels(mean=0, std=255)
    np.testing.assert_array_equal(table, PIXELS - 128)
    assert table.dtype == np.int8


def test_an_int8_input_around_128_stores_the_pixel_minus_128():
    quantization = Quantization(float(np.float32(1 / 127.5)), 0, np.int8)
    np.testing.assert_array_equal(quantization.store_pixels(128, 127.5), PIXELS - 128)


def test_a_float_input_stores_the_normalised_pixel():
    table = Quantization.identity().store_pixels(mean=127.5, std=127.5)
    assert table.dtype == np.float32
    # The oracle: single-precision arithmetic, good to one part in 2 ** 23.
    np.testing.assert_allclose(table, PIXELS / 127.5 - 1, rtol=0, atol=2**-23)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_stored_values_are_at_most_half_a_step_away(dtype):
    limits = np.iinfo(dtype)
    quantization = Quantization(0.037, limits.min + 100, dtype)
    real = np.random.default_rng(0).uniform(-3.6, 5.7, 1000)
    restored = quantization.restore(quantization.store(real))
    # Half a step, and the rounding of the result to single precision.
    assert np.abs(restored - real).max() <= 0.037 / 2 + 1e-6


@pytest.mark.parametrize(
    ("dtype", "real", "stored"),
    [
        (np.uint8, [-1e9, -0.1, 300, np.inf], [0, 0, 255, 255]),
        (np.int8, [-1e9, -129, 128, np.inf], [-128, -128, 127, 127]),
        (np.int8, [0.4, 0.6, -0.4, -0.6], [0, 1, 0, -1]),
    ],
)
def test_values_are_rounded_and_saturate(dtype, real, stored):
    found = Quantization(1.0, 0, dtype).store(np.array(real))
    np.testing.assert_array_equal(found, stored)


def test_every_stored_integer_survives_the_round_trip():
    quantization = Quantization(1 / 256, -128, np.int8)
    stored = np.arange(-128, 128).astype(np.int8)
    restored = quantization.restore(stored)
    np.testing.assert_array_equal(restored, (stored.astype(int) + 128) / 256)
    np.testing.assert_array_equal(quantization.store(restored), stored)


def test_no_integer_stands_for_nan():
    with pytest.raises(ValueError, match="nan"):
        Quantization(1.0, 0, np.int8).store(np.array([0.0, np.nan]))


@pytest.mark.parametrize(
    ("scale", "zero_point", "dtype", "words"),
    [
        (0.0, 0, np.int8, "positive"),
        (-0.1, 0, np.uint8, "positive"),
        (float("nan"), 0, np.uint8, "positive"),
        (float("inf"), 0, np.uint8, "positive"),
        (0.1, 0, np.float32, "must be 0"),
        (0.0, 3, np.float32, "must be 0"),
        (0.1, 0, np.int16, "dtype"),
    ],
)
def test_impossible_maps_are_refused(scale, zero_point, dtype, words):
    with pytest.raises(ValueError, match=words):
        Quantization(scale, zero_point, dtype)


def test_a_card_names_the_type_in_a_word():
    assert Quantization.named("int8", 0.5, 3) == Quantization(0.5, 3, np.int8)
    assert Quantization(0.5, 3, np.int8).dtype_name == "int8"
    with pytest.raises(ValueError, match="int64"):
        Quantization.named("int64", 0.5, 3)


def test_pixels_need_a_positive_deviation():
    with pytest.raises(ValueError, match="std"):
        Quantization.identity().store_pixels(mean=0, std=0)
