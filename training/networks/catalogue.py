"""Builds every network of ``designs``, whoever designed it."""

from collections.abc import Sequence

import keras

from training.datasets.questions import SLOTS
from training.networks.backbones import build_backbone
from training.networks.branches import branch
from training.networks.designs import Backbone, Design, Network, Separable
from training.networks.published_cnn import build
from training.networks.separable import build_separable


def trainable(
    design: Design,
    *,
    block_order: str,
    index: int = 0,
    branches: int = 1,
    weights: Sequence[str] = (),
    answers: str = "",
    slots: int = SLOTS,
) -> keras.Model:
    """The form of a network that is trained: the published ones pooled first and thin.

    Args:
        design: a row of ``DESIGNS``.
        block_order: of the published networks; the others have one order only.
        index: which branch.
        branches: how many there are.
        weights: what a backbone starts from; see ``build_backbone``.
        answers: how answers about the lesion join in, a key of ``FUSIONS``; not in the
            published networks.
        slots: length of the vector of answers.
    """
    if isinstance(design, Separable):
        return build_separable(design, answers, slots)
    if isinstance(design, Backbone):
        return build_backbone(design, weights, answers, slots)
    thin, dense_units = branch(design, index, branches)
    return build(
        thin, block_order=block_order, pool_first=True, dense_units=dense_units
    )


def whole(
    design: Design, *, block_order: str, answers: str = "", slots: int = SLOTS
) -> keras.Model:
    """The form of a network that is saved, with weights yet to be set."""
    if isinstance(design, Network):
        return build(design, block_order=block_order)
    return trainable(design, block_order=block_order, answers=answers, slots=slots)
