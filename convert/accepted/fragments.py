"""Networks that the candidates are made of; each for Keras 3 and, as far, tf_keras."""

from collections.abc import Sequence
from typing import Any

import keras

from convert.errors import ConversionError


def cnn(
    framework: Any,
    size_px: int,
    classes: int,
    *,
    head: str = "sigmoid",
    activation: str = "relu",
    norm: str = "batch",
    channels: int = 3,
) -> Any:
    """The custom CNN of a tutorial: augmentation and scaling inside, three blocks.

    Args:
        framework: ``keras`` or ``tf_keras``.
        size_px: side of its pictures.
        classes: of the head ``"classes"``.
        head: see ``_HEADS``.
        activation: behind each normalisation.
        norm: ``"batch"`` or ``"group"``.
        channels: of its pictures.
    """
    layers = framework.layers
    given = framework.Input((size_px, size_px, channels))
    inner = layers.RandomFlip("horizontal")(given)
    inner = layers.Rescaling(1 / 255)(inner)
    inner = _blocks(layers, inner, activation, norm)
    return framework.Model(given, _headed(layers, inner, head, classes))


def plain_cnn(framework: Any, size_px: int, _classes: int) -> Any:
    """The same blocks without any scaling inside."""
    given = framework.Input((size_px, size_px, 3))
    inner = _blocks(framework.layers, given, "relu", "batch")
    return framework.Model(given, _headed(framework.layers, inner, "sigmoid", 1))


def any_size(framework: Any, _size_px: int, _classes: int) -> Any:
    """The same for pictures of any size."""
    layers = framework.layers
    given = framework.Input((None, None, 3))
    inner = _blocks(layers, layers.Rescaling(1 / 255)(given), "relu", "batch")
    return framework.Model(given, _headed(layers, inner, "sigmoid", 1))


def vgg_like(framework: Any, size_px: int, _classes: int) -> Any:
    """Pairs of convolutions, a flatten and a wide dense layer."""
    layers = framework.layers
    model = framework.Sequential([framework.Input((size_px, size_px, 3))])
    model.add(layers.Rescaling(1 / 255))
    for filters in (16, 32, 64):
        for _ in range(2):
            model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
            model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(1, activation="sigmoid"))
    return model


def squeezed(framework: Any, size_px: int, _classes: int, *, gate: str) -> Any:
    """A squeeze-and-excite block, as the classification report of it has it."""
    layers = framework.layers
    given = framework.Input((size_px, size_px, 3))
    inner = _blocks(layers, layers.Rescaling(1 / 255)(given), "relu", "batch")
    channels = inner.shape[-1]
    seen = layers.GlobalAveragePooling2D(keepdims=True)(inner)
    seen = layers.Conv2D(channels // 4, 1, activation="relu")(seen)
    seen = layers.Conv2D(channels, 1, activation=gate)(seen)
    inner = layers.Multiply()([inner, seen])
    return framework.Model(given, _headed(layers, inner, "sigmoid", 1))


def vit(framework: Any, size_px: int, _classes: int) -> Any:
    """A small vision transformer: patches of 8 by a convolution, four blocks."""
    layers, width, patch = framework.layers, 48, 8
    given = framework.Input((size_px, size_px, 3))
    inner = layers.Rescaling(1 / 127.5, offset=-1)(given)
    inner = layers.Conv2D(width, patch, strides=patch)(inner)
    inner = layers.Reshape(((size_px // patch) ** 2, width))(inner)
    for _ in range(4):
        seen = layers.LayerNormalization(epsilon=1e-6)(inner)
        inner = layers.Add()([inner, layers.MultiHeadAttention(4, 12)(seen, seen)])
        seen = layers.LayerNormalization(epsilon=1e-6)(inner)
        seen = layers.Dense(2 * width, activation="gelu")(seen)
        inner = layers.Add()([inner, layers.Dense(width)(seen)])
    inner = layers.LayerNormalization(epsilon=1e-6)(inner)
    inner = layers.GlobalAveragePooling1D()(inner)
    return framework.Model(given, layers.Dense(1, activation="sigmoid")(inner))


def on_backbone(name: str, _framework: Any, size_px: int, _classes: int) -> Any:
    """A network of ``keras.applications`` with one sigmoid unit, random weights."""
    backbone = getattr(keras.applications, name)(
        include_top=False, weights=None, input_shape=(size_px, size_px, 3)
    )
    # A minute of training moves statistics of 0.99 or 0.999 a step hardly at all.
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9
    pooled = keras.layers.GlobalAveragePooling2D()(backbone.output)
    head = keras.layers.Dense(1, activation="sigmoid")(pooled)
    return keras.Model(backbone.input, head, name=name.lower())


def on_imagenet(
    name: str,
    alpha: float,
    _framework: Any,
    size_px: int,
    _classes: int,
    *,
    weights: str = "",
) -> Any:
    """A frozen backbone with weights from ImageNet, nested, as the guide has it.

    Raises:
        ConversionError: when no file of weights is given.
    """
    if not weights:
        raise ConversionError(f"{name} needs a file of its weights")
    shape = (size_px, size_px, 3)
    backbone = getattr(keras.applications, name)(
        include_top=False, weights=weights, input_shape=shape, alpha=alpha
    )
    backbone.trainable = False
    given = keras.Input(shape)
    pooled = keras.layers.GlobalAveragePooling2D()(backbone(given, training=False))
    dropped = keras.layers.Dropout(0.2)(pooled)
    return keras.Model(given, keras.layers.Dense(1, activation="sigmoid")(dropped))


_HEADS: dict[str, tuple[int, str]] = {
    "sigmoid": (1, "sigmoid"),
    "logit": (1, "linear"),
    "tanh": (1, "tanh"),
    "softmax": (2, "softmax"),
    "sigmoids": (2, "sigmoid"),
}


def _headed(layers: Any, inner: Any, head: str, classes: int) -> Any:
    units, activation = _HEADS.get(head, (classes, "softmax"))
    pooled = layers.GlobalAveragePooling2D()(inner)
    # The guide to mixed precision keeps the last activation in float32.
    return layers.Dense(units, activation=activation, dtype="float32")(pooled)


def _blocks(
    layers: Any,
    inner: Any,
    activation: str,
    norm: str,
    filters: Sequence[int] = (16, 32, 64),
) -> Any:
    for count in filters:
        inner = layers.Conv2D(count, 3, padding="same")(inner)
        inner = (
            layers.GroupNormalization(groups=4)(inner)
            if norm == "group"
            else layers.BatchNormalization(momentum=0.9)(inner)
        )
        inner = layers.Activation(activation)(inner)
        inner = layers.MaxPooling2D()(inner)
    return inner
