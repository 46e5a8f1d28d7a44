"""A rectified flow: a small U-Net that turns noise into a photo in straight lines.

Liu et al. 2022, arXiv 2209.03003. Between noise at time 0 and a photo at time 1 lies a
straight line; the network is shown a point of it and learns its direction. Drawing
follows the direction from noise, by Heun's method.
"""

from collections.abc import Mapping

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from training.generating.layers import Waves, conv, from_blocks, modulated, to_blocks

Floats = NDArray[np.float32]
LEARNING_RATE = 7e-4
STEPS = 20
"""Of Heun's method, two looks of the network each."""
CHANNELS = (32, 64, 128)
"""At a half, a quarter and an eighth of the side."""


class Flow:
    """The U-Net and its way of drawing; see ``generators.Generator``."""

    batch_size = 32

    def __init__(self, size_px: int, width: int, seed: int) -> None:
        """Freshly initialised; ``width`` is that of the conditions."""
        self.noise_shape: tuple[int, ...] = (size_px, size_px, 3)
        self._network = _unet(size_px, width)
        self._network.compile(
            keras.optimizers.Adam(
                LEARNING_RATE,
                0.9,
                0.99,
                global_clipnorm=1.0,
                use_ema=True,
                ema_momentum=0.997,
            ),
            keras.losses.MeanSquaredError(),
            jit_compile=keras.backend.backend() == "jax",
        )
        self._network.optimizer.build(self._network.trainable_variables)

    @property
    def networks(self) -> tuple[keras.Model, ...]:
        """Whose variables and optimizers are all that a checkpoint needs."""
        return (self._network,)

    def learn(
        self, pixels: Floats, told: Floats, rng: np.random.Generator
    ) -> Mapping[str, float]:
        """One step; returns losses by name."""
        noise = rng.standard_normal(pixels.shape, np.float32)
        # Times in the middle are the hard ones (Esser et al. 2024, arXiv 2403.03206).
        time = 1 / (1 + np.exp(-rng.standard_normal((len(told), 1), np.float32)))
        between = time[:, :, None, None]
        shown = between * pixels + (1 - between) * noise
        loss = self._network.train_on_batch([shown, time, told], pixels - noise)
        return {"loss": float(np.ravel(loss)[0])}

    def average(self) -> None:
        """Go over to the averaged weights; nothing can be learnt afterwards."""
        self._network.optimizer.finalize_variable_values(
            self._network.trainable_variables
        )

    def draw(self, noise: Floats, told: Floats) -> Floats:
        """Photos in [-1, 1] or near it."""
        values, step = noise, np.float32(1 / STEPS)
        direction = self._direction(values, 0.0, told)
        for number in range(1, STEPS + 1):
            ahead = self._direction(values + step * direction, number / STEPS, told)
            values = values + step / 2 * (direction + ahead)
            if number < STEPS:
                direction = self._direction(values, number / STEPS, told)
        return values

    def _direction(self, values: Floats, time: float, told: Floats) -> Floats:
        times = np.full((len(told), 1), time, np.float32)
        return np.asarray(self._network.predict_on_batch([values, times, told]))


def _unet(size_px: int, width: int) -> keras.Model:
    pixels = keras.Input((size_px, size_px, 3))
    time, told = keras.Input((1,)), keras.Input((width,))
    both = layers.Concatenate()([Waves(name="waves")(time), told])
    both = layers.Dense(128, activation="silu", name="told")(both)
    values = conv(CHANNELS[0], "stem")(to_blocks(pixels))
    kept = [values]
    for place, channels in enumerate(CHANNELS):
        if place:
            values = layers.AveragePooling2D(2)(values)
        values = _block(values, both, channels, f"down{place}")
        kept.append(values)
    values = _block(values, both, CHANNELS[-1], "middle")
    for place, channels in reversed([*enumerate(CHANNELS)]):
        values = layers.Concatenate()([values, kept.pop()])
        values = _block(values, both, channels, f"up{place}")
        if place:
            values = layers.UpSampling2D()(values)
    values = layers.Concatenate()([values, kept.pop()])
    values = modulated(values, both, "last")
    blocks = conv(12, "direction", kernel_initializer="zeros")(values)
    return keras.Model([pixels, time, told], from_blocks(blocks))


def _block(
    values: keras.KerasTensor, told: keras.KerasTensor, channels: int, name: str
) -> keras.KerasTensor:
    """Two convolutions beside a short cut (He et al. 2016)."""
    inner = conv(channels, f"{name}_conv1")(modulated(values, told, f"{name}_1"))
    inner = modulated(inner, told, f"{name}_2")
    inner = conv(channels, f"{name}_conv2", kernel_initializer="zeros")(inner)
    if values.shape[-1] != channels:
        values = conv(channels, f"{name}_short", 1)(values)
    return layers.Add()([values, inner])
