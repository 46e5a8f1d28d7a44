import itertools

import numpy as np
import pytest

from training.networks.branches import branch, joined, trimmed
from training.networks.designs import BLOCK_ORDERS, DENSE_UNITS, NETWORKS, Network
from training.networks.published_cnn import build

# 32 px leave 2 x 2 positions to flatten, so that a wrong order would show.
WIDE = Network("wide32", 32, (12, 6, 6, 12), first_kernel=2)


def _randomised(model, generator):
    """Weights that keep the size of what they pass on; batch norm as if trained."""
    for layer in model.layers:
        shapes = [array.shape for array in layer.get_weights()]
        if layer.name.endswith("_bn"):
            gamma = generator.uniform(0, 1.5, shapes[0])
            beta, mean = generator.normal(0, 0.3, (2, *shapes[0]))
            layer.set_weights([gamma, beta, mean, generator.uniform(0.3, 2, shapes[0])])
        elif shapes:
            spread = np.sqrt(2 / np.prod(shapes[0][:-1]))
            kernel = generator.normal(0, spread, shapes[0])
            layer.set_weights([kernel, generator.normal(0, 0.1, shapes[1])])
    return model


def _logits(model, pixels):
    scores = np.asarray(model(pixels), np.float64)[:, 0]
    return np.log(scores / (1 - scores))


@pytest.fixture(
    scope="module", params=[*itertools.product((2, 3), BLOCK_ORDERS)], ids=str
)
def thin_models(request):
    """The branches of a wide network, two or three, in either block order."""
    count, order = request.param
    generator = np.random.default_rng(count)
    models = []
    for index in range(count):
        thin, dense_units = branch(WIDE, index, count)
        model = build(thin, block_order=order, dense_units=dense_units)
        models.append(_randomised(model, generator))
    return order, models


@pytest.fixture(scope="module")
def weights(thin_models):
    _, models = thin_models
    return [{each.name: each.get_weights() for each in m.layers} for m in models]


def test_joined_network_gives_the_mean_of_the_columns_logits(thin_models, weights):
    order, models = thin_models
    whole = build(WIDE, block_order=order)
    for name, arrays in joined(weights).items():
        whole.get_layer(name).set_weights(arrays)
    pixels = np.random.default_rng(9).random((16, 32, 32, 3), dtype=np.float32)
    expected = np.mean([_logits(model, pixels) for model in models], axis=0)
    assert np.ptp(expected) > 0.01
    # A probability is known to 2**-24; scores here are within 0.001 and 0.999, where
    # that is 6e-5 of a logit; as much again for sums in another order.
    assert np.abs(expected).max() < np.log(999)
    np.testing.assert_allclose(_logits(whole, pixels), expected, rtol=0, atol=1.2e-4)


def test_nothing_leads_from_one_column_to_another(weights):
    for name, arrays in joined(weights).items():
        if name in ("block2_conv", "block3_conv", "block4_conv", "dense"):
            filled = sum(np.count_nonzero(each[name][0]) for each in weights)
            assert np.count_nonzero(arrays[0]) == filled


def test_columns_share_filters_and_dense_units():
    for name, count in (("cnn64", 2), ("cnn128", 3)):
        network = NETWORKS[name]
        thins = [branch(network, index, count) for index in range(count)]
        assert sum(units for _, units in thins) == DENSE_UNITS
        for thin, _ in thins:
            assert (thin.size_px, thin.first_kernel) == (
                network.size_px,
                network.first_kernel,
            )
            assert np.array_equal(np.array(thin.filters) * count, network.filters)


def test_dense_units_that_cannot_be_shared_equally_differ_by_one():
    units = [branch(NETWORKS["cnn128"], index, 3)[1] for index in range(3)]
    assert units == [171, 171, 170]


@pytest.mark.parametrize(("name", "count"), [("cnn32", 2), ("cnn64", 3)])
def test_filters_that_cannot_be_shared_equally_are_refused(name, count):
    with pytest.raises(ValueError, match=f"{name}.* {count} branches"):
        branch(NETWORKS[name], 0, count)


class TestTrimmed:
    def test_cuts_to_the_smaller_shape(self):
        wide = [np.arange(12).reshape(3, 4), np.arange(4)]
        like = [np.zeros((3, 3)), np.zeros(3)]
        kernel, bias = trimmed(wide, like)
        np.testing.assert_array_equal(kernel, [[0, 1, 2], [4, 5, 6], [8, 9, 10]])
        np.testing.assert_array_equal(bias, [0, 1, 2])

    def test_leaves_equal_shapes_alone(self):
        given = [np.ones((2, 2, 3, 4)), np.ones(4)]
        for old, new in zip(given, trimmed(given, given), strict=True):
            np.testing.assert_array_equal(old, new)

    def test_refuses_another_number_of_arrays(self):
        with pytest.raises(ValueError, match="argument 2 is longer"):
            trimmed([np.ones(2)], [np.ones(2), np.ones(2)])
