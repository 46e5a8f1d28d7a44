"""A conditional variational autoencoder, the first that the published project tried.

Kingma and Welling 2014, arXiv 1312.6114; absolute error, as if photos were distributed
around the decoder's by Laplace. It draws the mean of what it cannot tell, so blur is
its nature, not a lack of training.
"""

from collections.abc import Mapping

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from training.generating.layers import Sampled, conv, from_blocks, modulated, to_blocks

Floats = NDArray[np.float32]
LATENT = 128
LEARNING_RATE = 1e-3
ERROR = 0.1
"""Mean absolute error, of photos in [-1, 1], that the divergence is weighed for."""


class Vae:
    """Encoder and decoder, trained as one network; see ``generators.Generator``."""

    noise_shape: tuple[int, ...] = (LATENT,)
    batch_size = 32

    def __init__(self, size_px: int, width: int, seed: int) -> None:
        """Freshly initialised; ``width`` is that of the conditions."""
        self._decoder = _decoder(size_px, width)
        pixels, told = keras.Input((size_px, size_px, 3)), keras.Input((width,))
        mean, log_variance = _encoded(pixels, told)
        sampled = Sampled(ERROR / (3 * size_px**2), seed, name="sampled")
        outputs = self._decoder([sampled(mean, log_variance), told])
        self._whole = keras.Model([pixels, told], outputs)
        self._whole.compile(
            keras.optimizers.Adam(LEARNING_RATE, use_ema=True, ema_momentum=0.99),
            keras.losses.MeanAbsoluteError(),
            jit_compile=keras.backend.backend() == "jax",
        )
        self._whole.optimizer.build(self._whole.trainable_variables)

    @property
    def networks(self) -> tuple[keras.Model, ...]:
        """Whose variables and optimizers are all that a checkpoint needs."""
        return (self._whole,)

    def learn(
        self, pixels: Floats, told: Floats, rng: np.random.Generator
    ) -> Mapping[str, float]:
        """One step; returns losses by name."""
        loss = self._whole.train_on_batch([pixels, told], pixels)
        return {"loss": float(np.ravel(loss)[0])}

    def average(self) -> None:
        """Go over to the averaged weights; nothing can be learnt afterwards."""
        self._whole.optimizer.finalize_variable_values(self._whole.trainable_variables)

    def draw(self, noise: Floats, told: Floats) -> Floats:
        """Photos in [-1, 1] or near it."""
        return np.asarray(self._decoder.predict_on_batch([noise, told]))


def _encoded(
    pixels: keras.KerasTensor, told: keras.KerasTensor
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    values = conv(48, "encode_stem")(to_blocks(pixels))
    for place, channels in enumerate((64, 128, 192)):
        values = modulated(values, told, f"encode{place}")
        values = conv(channels, f"encode{place}_conv", strides=2)(values)
    values = layers.Flatten()(modulated(values, told, "encoded"))
    mean = layers.Dense(LATENT, name="mean")(values)
    return mean, layers.Dense(LATENT, name="log_variance")(values)


def _decoder(size_px: int, width: int) -> keras.Model:
    noise, told = keras.Input((LATENT,)), keras.Input((width,))
    both = layers.Concatenate()([noise, told])
    side = size_px // 16
    values = layers.Dense(side * side * 192, name="decode_dense")(both)
    values = layers.Reshape((side, side, 192))(values)
    for place, channels in enumerate((128, 64, 48)):
        values = modulated(values, told, f"decode{place}")
        values = layers.UpSampling2D()(values)
        values = conv(channels, f"decode{place}_conv")(values)
    values = conv(48, "decode_last_conv")(modulated(values, told, "decode_last"))
    values = conv(12, "decode_pixels")(modulated(values, told, "decoded"))
    return keras.Model([noise, told], from_blocks(values), name="decoder")
