"""Train a wide network as several thin ones, then join them.

``cnn64`` has twice and ``cnn128`` three times the filters of ``cnn32``, so they can
hold two or three thin networks side by side that share nothing but the image: the
weights between branches are zero, and the last layer averages the branches' logits.
Each branch costs 1/k**2 of the wide network to train, and the joined network is their
ensemble. Each goes on from the one before with a new learning-rate cycle (snapshot
ensembles: Huang et al. 2017, arXiv 1704.00109), so the later ones need fewer epochs.
Fine-tuning (at conversion, for instance) is free to fill the zeros.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from training.networks.designs import DENSE_UNITS, Network

Weights = Mapping[str, Sequence[NDArray[np.float32]]]


def branch(network: Network, index: int, count: int) -> tuple[Network, int]:
    """The thin network of one branch, and its number of dense units.

    Raises:
        ValueError: when the filters cannot be divided by ``count``.
    """
    if any(filters % count for filters in network.filters):
        raise ValueError(
            f"{network.name} has {network.filters} filters, which {count} branches"
            " cannot share equally"
        )
    first, second, third, fourth = (filters // count for filters in network.filters)
    thin = Network(
        network.name,
        network.size_px,
        (first, second, third, fourth),
        network.first_kernel,
    )
    return thin, DENSE_UNITS // count + (index < DENSE_UNITS % count)


def trimmed(
    weights: Sequence[NDArray[np.float32]], like: Sequence[NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    """``weights`` cut to the shapes of ``like``, whose axes are no longer.

    Columns share the dense units as equally as whole numbers allow, so a later one
    may have a unit less than the one it goes on from.
    """
    return [
        array[tuple(slice(length) for length in target.shape)]
        for array, target in zip(weights, like, strict=True)
    ]


def joined(branches: Sequence[Weights]) -> dict[str, list[NDArray[np.float32]]]:
    """Weights of the wide network, by layer name.

    Args:
        branches: for each branch the weights of each layer, by layer name, as Keras
            lists them.
    """
    return {name: _joined_layer(name, branches) for name in branches[0]}


def _joined_layer(name: str, branches: Sequence[Weights]) -> list[NDArray[np.float32]]:
    parts = [weights[name] for weights in branches]
    if name == "block1_conv":  # all branches see the same image
        return [np.concatenate(group, axis=-1) for group in zip(*parts, strict=True)]
    if name == "probability":  # the mean of the branches' logits
        kernels, biases = zip(*parts, strict=True)
        kernel = np.concatenate(kernels, axis=0) / len(parts)
        return [kernel, np.mean(biases, axis=0)]
    if name == "dense":
        kernels, biases = zip(*parts, strict=True)
        return [_dense_kernel(kernels, branches), np.concatenate(biases)]
    if name.endswith("_conv"):
        kernels, biases = zip(*parts, strict=True)
        return [_block_diagonal(kernels), np.concatenate(biases)]
    return [np.concatenate(group) for group in zip(*parts, strict=True)]


def _block_diagonal(
    kernels: Sequence[NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Kernels along the diagonal of the last two axes, zeros elsewhere."""
    inputs = sum(kernel.shape[-2] for kernel in kernels)
    outputs = sum(kernel.shape[-1] for kernel in kernels)
    wide = np.zeros((*kernels[0].shape[:-2], inputs, outputs), np.float32)
    row = start = 0
    for kernel in kernels:
        rows, width = kernel.shape[-2:]
        wide[..., row : row + rows, start : start + width] = kernel
        row, start = row + rows, start + width
    return wide


def _dense_kernel(
    kernels: Sequence[NDArray[np.float32]], branches: Sequence[Weights]
) -> NDArray[np.float32]:
    # Flattening runs over positions first and channels last: undo it, put the
    # channels of all branches side by side at each position, and flatten again.
    channels = [weights["block4_conv"][0].shape[-1] for weights in branches]
    by_position = [
        kernel.reshape(-1, depth, kernel.shape[-1])
        for kernel, depth in zip(kernels, channels, strict=True)
    ]
    wide = _block_diagonal(by_position)
    return wide.reshape(-1, wide.shape[-1])
