"""Layers that the generators share and Keras does not have."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

GROUPS = 8
"""Of every group norm; channel counts are multiples of it."""


def modulated(
    values: keras.KerasTensor, told: keras.KerasTensor, name: str
) -> keras.KerasTensor:
    """Group norm, then a scale and a shift that ``told`` decides (Perez et al. 2018).

    Args:
        values: shape ``(n, height, width, channels)``.
        told: shape ``(n, k)``.
        name: prefix of the layers' names.
    """
    channels = values.shape[-1]
    normed = layers.GroupNormalization(GROUPS, name=f"{name}_norm")(values)
    scale = layers.Dense(channels, kernel_initializer="zeros", name=f"{name}_scale")
    shift = layers.Dense(channels, kernel_initializer="zeros", name=f"{name}_shift")
    spread = layers.Reshape((1, 1, channels))
    normed = layers.Add()(
        [normed, layers.Multiply()([normed, spread(scale(told))]), spread(shift(told))]
    )
    return layers.Activation("silu", name=f"{name}_silu")(normed)


def conv(channels: int, name: str, size: int = 3, **options: Any) -> layers.Conv2D:
    """A convolution that keeps height and width, unless ``strides`` are given."""
    return layers.Conv2D(channels, size, padding="same", name=name, **options)


def to_blocks(values: keras.KerasTensor, side: int = 2) -> keras.KerasTensor:
    """Squares of ``side`` pixels become channels: ``(h, w, c)`` to ``(h/s, w/s, ccs)``.

    A fourth of the positions costs a fourth of the time.
    """
    height, width, channels = values.shape[1:]
    rows, columns = height // side, width // side
    values = layers.Reshape((rows, side, columns, side, channels))(values)
    values = layers.Permute((1, 3, 2, 4, 5))(values)
    return layers.Reshape((rows, columns, side * side * channels))(values)


def from_blocks(values: keras.KerasTensor, side: int = 2) -> keras.KerasTensor:
    """The inverse of ``to_blocks``."""
    rows, columns, channels = values.shape[1:]
    channels //= side * side
    values = layers.Reshape((rows, columns, side, side, channels))(values)
    values = layers.Permute((1, 3, 2, 4, 5))(values)
    return layers.Reshape((rows * side, columns * side, channels))(values)


@keras.saving.register_keras_serializable("lesion_edge")
class Waves(layers.Layer):  # type: ignore[misc]
    """A time in [0, 1], shape ``(n, 1)``, as sines and cosines, ``(n, 2 * pairs)``."""

    def __init__(self, pairs: int = 32, **options: Any) -> None:
        """Frequencies from 1 to 1000 radians."""
        super().__init__(**options)
        self.pairs = pairs

    def call(self, time: Any) -> Any:
        """Shape ``(n, 2 * pairs)``."""
        angles = time * ops.convert_to_tensor(
            np.geomspace(1.0, 1000.0, self.pairs)[None].astype(np.float32)
        )
        return ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)


@keras.saving.register_keras_serializable("lesion_edge")
class Sampled(layers.Layer):  # type: ignore[misc]
    """A draw from a normal distribution, with its divergence from N(0, 1) as a loss.

    Kingma and Welling 2014. Called with mean and log variance, shape ``(n, k)`` each.
    """

    def __init__(self, weight: float, seed: int = 0, **options: Any) -> None:
        """Have a seed and a weight.

        Args:
            weight: of the divergence in nats, in the loss.
            seed: of the draws.
            options: of the layer.
        """
        super().__init__(**options)
        self.weight = weight
        self.noise = keras.random.SeedGenerator(seed)

    def call(self, mean: Any, log_variance: Any) -> Any:
        """Shape ``(n, k)``."""
        log_variance = ops.clip(log_variance, -12.0, 6.0)
        nats = 0.5 * ops.sum(
            mean**2 + ops.exp(log_variance) - 1.0 - log_variance, axis=-1
        )
        self.add_loss(self.weight * ops.mean(nats))
        noise = keras.random.normal(ops.shape(mean), seed=self.noise)
        return mean + ops.exp(0.5 * log_variance) * noise


@keras.saving.register_keras_serializable("lesion_edge")
class Augmented(layers.Layer):  # type: ignore[misc]
    """Random changes that a gradient passes through (DiffAugment, Zhao et al. 2020).

    Brightness, saturation and contrast, a shift by up to an eighth of the side, and a
    square of half the side cut out. Called with photos in [-1, 1]; the discriminator
    sees generated and real photos through it, so it cannot learn the real ones by
    heart, and the generator does not learn the changes.
    """

    def __init__(self, seed: int = 0, **options: Any) -> None:
        """``seed`` is of the changes."""
        super().__init__(**options)
        self.noise = keras.random.SeedGenerator(seed)

    def call(self, photos: Any) -> Any:
        """Same shape as ``photos``."""
        return self._cut(self._moved(self._coloured(photos)))

    def _random(self, photos: Any) -> Any:
        shape = (ops.shape(photos)[0], 1, 1, 1)
        return keras.random.uniform(shape, seed=self.noise)

    def _coloured(self, photos: Any) -> Any:
        photos = photos + (self._random(photos) - 0.5)
        grey = ops.mean(photos, axis=-1, keepdims=True)
        photos = grey + (photos - grey) * (2 * self._random(photos))
        mean = ops.mean(photos, axis=(1, 2, 3), keepdims=True)
        return mean + (photos - mean) * (0.5 + self._random(photos))

    def _moved(self, photos: Any) -> Any:
        side = photos.shape[1]
        most = side // 8
        places = ops.arange(side, dtype="float32")
        offsets = [
            ops.round((2 * self._random(photos)[:, :, :, 0] - 1) * most)
            for _ in range(2)
        ]
        # A shift is a product with a matrix of 0 and 1: on every backend, in one call.
        upright, level = (
            ops.cast(
                ops.equal(places[None, :, None] + offset, places[None, None, :]),
                photos.dtype,
            )
            for offset in offsets
        )
        photos = ops.einsum("bij,bjkc->bikc", upright, photos)
        return ops.einsum("bkj,bijc->bikc", level, photos)

    def _cut(self, photos: Any) -> Any:
        side = photos.shape[1]
        places = ops.arange(side, dtype="float32") + 0.5
        middles = [self._random(photos) * side for _ in range(2)]
        rows = ops.abs(places[None, :, None, None] - middles[0]) < side / 4
        columns = ops.abs(places[None, None, :, None] - middles[1]) < side / 4
        kept = ops.logical_not(ops.logical_and(rows, columns))
        return photos * ops.cast(kept, photos.dtype)
