"""``cnn32``, ``cnn64`` and ``cnn128``: the networks of the published project.

Four blocks of convolution and 2x2 max pooling, dropout after the first pool, and a
dense layer of 512 before one sigmoid unit. The convolution block comes in two orders,
see ``BLOCK_ORDERS``.
"""

import keras

from training.networks.designs import BLOCK_ORDERS, DENSE_UNITS, Network

DROPOUT = 0.3
# Runs here last thousands of steps, not the hundreds of thousands that Keras'
# default of 0.99 supposes; the averages have to follow within an epoch.
BATCH_NORM_MOMENTUM = 0.9


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
        dense_units: width of the dense layer, for the branches of ``branches.py``.

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
