from dataclasses import dataclass

import keras
import numpy as np
import pytest

from training.networks.designs import BLOCK_ORDERS, NETWORKS
from training.networks.published_cnn import DROPOUT, build


@dataclass(frozen=True)
class Printed:
    """A summary as the published README prints it.

    Attributes:
        network: its name there.
        size_px: of the input layer.
        filters: last axis of each convolution block's output.
        blocks: parameters of each block, batch norm included.
        flat: width of the flattened features.
        dense: parameters of the dense layer.
        trainable: parameters.
        frozen: parameters that are not trainable.
    """

    network: str
    size_px: int
    filters: tuple[int, ...]
    blocks: tuple[int, ...]
    flat: int
    dense: int
    trainable: int
    frozen: int


PUBLISHED = (
    Printed(
        "cnn32", 32, (64, 40, 30, 25), (1088, 23240, 10950, 6875),
        flat=100, dense=51712, trainable=94_060, frozen=318,
    ),
    Printed(
        "cnn64", 64, (128, 80, 60, 50), (2176, 92560, 43500, 27250),
        flat=800, dense=410112, trainable=575_475, frozen=636,
    ),
    # Printed for 32 px, although it was trained on photos of 128 px.
    Printed(
        "cnn128", 32, (192, 120, 90, 75), (1536, 207960, 97650, 61125),
        flat=300, dense=154112, trainable=521_942, frozen=954,
    ),
)  # fmt: skip
TOTALS = {"cnn32": 94_378, "cnn64": 576_111, "cnn128": 522_896}
every_summary = pytest.mark.parametrize(
    "printed", PUBLISHED, ids=lambda printed: printed.network
)
every_order = pytest.mark.parametrize("order", BLOCK_ORDERS)


def _count(variables):
    return sum(int(np.prod(variable.shape)) for variable in variables)


@pytest.fixture(scope="module")
def built():
    """Every published network in every block order."""
    return {
        (printed.network, order): build(
            NETWORKS[printed.network], block_order=order, size_px=printed.size_px
        )
        for printed in PUBLISHED
        for order in BLOCK_ORDERS
    }


@every_summary
@every_order
class TestPublished:
    def test_blocks_have_the_printed_shapes(self, built, printed, order):
        model, side = built[printed.network, order], printed.size_px
        for index, filters in enumerate(printed.filters, start=1):
            before = model.get_layer(f"block{index}_relu").output.shape
            after = model.get_layer(f"block{index}_pool").output.shape
            assert before == (None, side, side, filters)
            assert after == (None, side // 2, side // 2, filters)
            side //= 2

    def test_blocks_have_the_printed_parameters(self, built, printed, order):
        model = built[printed.network, order]
        given = tuple(
            model.get_layer(f"block{index}_conv").count_params()
            + model.get_layer(f"block{index}_bn").count_params()
            for index in (1, 2, 3, 4)
        )
        assert given == printed.blocks

    def test_head_has_the_printed_shapes_and_parameters(self, built, printed, order):
        model = built[printed.network, order]
        assert model.get_layer("flatten").output.shape == (None, printed.flat)
        assert model.get_layer("dense").output.shape == (None, 512)
        assert model.get_layer("dense").count_params() == printed.dense
        assert model.get_layer("probability").count_params() == 513
        assert model.input_shape == (None, printed.size_px, printed.size_px, 3)
        assert model.output_shape == (None, 1)

    def test_totals_are_those_printed(self, built, printed, order):
        model = built[printed.network, order]
        assert model.count_params() == TOTALS[printed.network]
        assert _count(model.trainable_variables) == printed.trainable
        frozen = [weight for weight in model.weights if not weight.trainable]
        assert _count(frozen) == printed.frozen

    def test_dropout_follows_the_first_pool_and_the_dense_layer(
        self, built, printed, order
    ):
        model = built[printed.network, order]
        names = [layer.name for layer in model.layers]
        dropouts = [
            (names[position - 1], layer.rate)
            for position, layer in enumerate(model.layers)
            if isinstance(layer, keras.layers.Dropout)
        ]
        assert dropouts == [("block1_pool", DROPOUT), ("dense", DROPOUT)]
        assert DROPOUT == 0.3


def test_cnn128_has_its_other_count_at_its_own_size():
    assert build(NETWORKS["cnn128"]).count_params() == 2_826_896


@pytest.mark.parametrize("name", ["cnn32", "cnn64", "cnn128"])
def test_size_is_in_the_name(name):
    assert NETWORKS[name].size_px == int(name.removeprefix("cnn"))


@pytest.mark.parametrize(
    ("order", "kinds"),
    [
        ("relu_bn_relu", ["Conv2D", "ReLU", "BatchNormalization", "ReLU"]),
        ("bn_relu", ["Conv2D", "BatchNormalization", "ReLU"]),
    ],
)
def test_blocks_are_in_the_order_asked_for(built, order, kinds):
    layers = [
        type(layer).__name__
        for layer in built["cnn32", order].layers
        if not isinstance(layer, keras.layers.Dropout)
    ]
    block = [*kinds, "MaxPooling2D"]
    assert layers == ["InputLayer", *block * 4, "Flatten", "Dense", "Dense"]


def test_unknown_block_order_is_refused():
    with pytest.raises(ValueError, match="'relu_first'"):
        build(NETWORKS["cnn32"], block_order="relu_first")


@every_order
class TestPoolFirst:
    @staticmethod
    def _scores(order, lowest_gamma):
        generator = np.random.default_rng(0)
        usual = build(NETWORKS["cnn32"], block_order=order)
        for layer in usual.layers:
            if "kernel" in dir(layer):
                # Keeps the size of what is passed on.
                spread = np.sqrt(2 / np.prod(layer.kernel.shape[:-1]))
                kernel = generator.normal(0, spread, layer.kernel.shape)
                bias = generator.normal(0, 0.1, layer.bias.shape)
                layer.set_weights([kernel, bias])
        for index in (1, 2, 3, 4):
            norm = usual.get_layer(f"block{index}_bn")
            shape = norm.gamma.shape
            norm.set_weights(
                [
                    generator.uniform(lowest_gamma, 1.5, shape),
                    generator.normal(0, 0.3, shape),
                    generator.normal(0, 0.3, shape),
                    generator.uniform(0.3, 2, shape),
                ]
            )
        pooled = build(NETWORKS["cnn32"], block_order=order, pool_first=True)
        pooled.set_weights(usual.get_weights())
        pixels = generator.random((8, 32, 32, 3), dtype=np.float32)
        return [np.asarray(model(pixels))[:, 0] for model in (usual, pooled)]

    def test_is_the_same_function(self, order):
        usual, pooled = self._scores(order, lowest_gamma=0.0)
        assert np.ptp(usual) > 0.005
        # The same roundings in another order of operations: a few float32 steps.
        np.testing.assert_allclose(pooled, usual, rtol=0, atol=2e-6)

    def test_would_be_another_one_with_negative_scales(self, order):
        usual, pooled = self._scores(order, lowest_gamma=-1.5)
        assert np.abs(pooled - usual).max() > 1e-3


def test_training_keeps_the_scales_of_batch_norm_from_turning_negative(built):
    model = built["cnn32", "bn_relu"]
    for index in (1, 2, 3, 4):
        constraint = model.get_layer(f"block{index}_bn").gamma.constraint
        given = constraint(np.array([-1.0, 0.0, 2.0], np.float32))
        np.testing.assert_array_equal(np.asarray(given), [0, 0, 2])
