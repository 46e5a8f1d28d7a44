"""The networks that can be trained here, by name.

``cnn32``, ``cnn64`` and ``cnn128`` are the networks of the published project this
toolkit grew from: four blocks of convolution and 2x2 max pooling, dropout after the
first pool, and a dense layer of 512 before one sigmoid unit. The convolution block
comes in two orders, see ``BLOCK_ORDERS``.
"""

from dataclasses import dataclass

import keras

BLOCK_ORDERS = {
    "relu_bn_relu": "conv, relu, batch norm, relu: as the published project prints it",
    "bn_relu": "conv, batch norm, relu: the usual order",
}
DENSE_UNITS = 512
DROPOUT = 0.3
# Runs here last thousands of steps, not the hundreds of thousands that Keras'
# default of 0.99 supposes; the averages have to follow within an epoch.
BATCH_NORM_MOMENTUM = 0.9


@dataclass(frozen=True)
class Network:
    """One row of ``NETWORKS``.

    Attributes:
        name: ends in the input size.
        size_px: side of the square input.
        filters: of the four convolutions.
        first_kernel: side of the first convolution's kernel; the others have 3.
        columns: thin networks it is trained as, see ``columns.py``.
    """

    name: str
    size_px: int
    filters: tuple[int, int, int, int]
    first_kernel: int
    columns: int = 1


NETWORKS = {
    network.name: network
    for network in (
        Network("cnn32", 32, (64, 40, 30, 25), first_kernel=2),
        Network("cnn64", 64, (128, 80, 60, 50), first_kernel=2, columns=2),
        Network("cnn128", 128, (192, 120, 90, 75), first_kernel=1, columns=3),
    )
}


def build(
    network: Network,
    *,
    block_order: str = "relu_bn_relu",
    size_px: int | None = None,
    pool_first: bool = False,
    dense_units: int = DENSE_UNITS,
) -> keras.Model:
    """A freshly initialised functional model.

    Args:
        network: a row of ``NETWORKS``.
        block_order: a key of ``BLOCK_ORDERS``.
        size_px: another input side than the network's own; the published project
            prints ``cnn128`` at 32 px.
        pool_first: pool right after each convolution instead of at the block's end.
            The rest of a block never decreases (batch norm scales are kept
            non-negative), so it commutes with max pooling: weights can be exchanged
            between both forms, and inference gives the same result. Training
            takes less processor time this way (docs/decisions). Batch statistics
            are then those of the pooled values.
        dense_units: width of the dense layer, for the columns of ``columns.py``.

    Returns:
        Model from pixels / 255, shape ``(n, size_px, size_px, 3)``, to the probability
        of malignancy, shape ``(n, 1)``.
    """
    if block_order not in BLOCK_ORDERS:
        raise ValueError(
            f"block_order must be one of {list(BLOCK_ORDERS)}; got {block_order!r}"
        )
    side = size_px or network.size_px
    inputs = keras.Input((side, side, 3), name="pixels")
    values = inputs
    for index, filters in enumerate(network.filters, start=1):
        kernel = network.first_kernel if index == 1 else 3
        values = _block(values, index, filters, kernel, block_order, pool_first)
        if index == 1:
            values = keras.layers.Dropout(DROPOUT, name="block1_dropout")(values)
    values = keras.layers.Flatten(name="flatten")(values)
    values = keras.layers.Dense(dense_units, activation="relu", name="dense")(values)
    values = keras.layers.Dropout(DROPOUT, name="dense_dropout")(values)
    outputs = keras.layers.Dense(1, activation="sigmoid", name="probability")(values)
    return keras.Model(inputs, outputs, name=network.name)


def _block(
    values: keras.KerasTensor,
    index: int,
    filters: int,
    kernel: int,
    block_order: str,
    pool_first: bool,
) -> keras.KerasTensor:
    name = f"block{index}"
    pool = keras.layers.MaxPooling2D(2, name=f"{name}_pool")
    rest = [
        keras.layers.BatchNormalization(
            momentum=BATCH_NORM_MOMENTUM,
            gamma_constraint="non_neg",
            name=f"{name}_bn",
        ),
        keras.layers.ReLU(name=f"{name}_relu"),
    ]
    if block_order == "relu_bn_relu":
        rest.insert(0, keras.layers.ReLU(name=f"{name}_conv_relu"))
    values = keras.layers.Conv2D(filters, kernel, padding="same", name=f"{name}_conv")(
        values
    )
    for layer in [pool, *rest] if pool_first else [*rest, pool]:
        values = layer(values)
    return values
