import keras
import numpy as np
import pytest

from training.fitting.settings import parse
from training.networks.catalogue import trainable, whole
from training.networks.designs import DESIGNS


@pytest.mark.parametrize("name", list(DESIGNS))
def test_name_ends_in_the_input_size(name):
    assert name.endswith(str(DESIGNS[name].size_px))


# The other sizes have the same layers; large networks have tests of their own.
LARGE = ("nasnet", "efficientnet", "resnet", "mobilenetv3", "mobileneta100", "v2a100")
QUICK = [
    name
    for name in DESIGNS
    if not name.endswith(("_96", "_128", "_160")) and not any(x in name for x in LARGE)
]


@pytest.mark.parametrize("name", QUICK)
def test_network_maps_a_picture_to_a_probability(name):
    design = DESIGNS[name]
    side = design.size_px
    model = whole(design, block_order="relu_bn_relu")
    pixels = np.random.default_rng(0).random((2, side, side, 3), np.float32)
    scores = np.asarray(model(pixels))
    assert model.name == name
    assert scores.shape == (2, 1)
    assert np.all((scores > 0) & (scores < 1))


@pytest.mark.parametrize("name", ["separable32", "lesion64", "mobilenetv2a35_96"])
def test_networks_of_one_form_are_saved_as_they_are_trained(name):
    design = DESIGNS[name]
    trained = trainable(design, block_order="relu_bn_relu")
    saved = whole(design, block_order="relu_bn_relu")
    for layer in trained.layers:
        saved.get_layer(layer.name).set_weights(layer.get_weights())
    side = design.size_px
    pixels = np.random.default_rng(0).random((2, side, side, 3), np.float32)
    np.testing.assert_array_equal(saved(pixels), trained(pixels))


@pytest.mark.parametrize(("name", "kilobytes"), [("lesion32", 150), ("lesion64", 450)])
def test_own_networks_leave_room_in_their_files(name, kilobytes):
    # One byte a weight, and at least 30 kB for the card, the vectors and the graph.
    model = whole(DESIGNS[name], block_order="bn_relu")
    assert model.count_params() / 1000 + 30 <= kilobytes


def test_every_activation_of_separable_networks_can_be_fused():
    model = whole(DESIGNS["separable64"], block_order="bn_relu")
    kinds = {type(layer) for layer in model.layers}
    assert kinds == {
        keras.layers.InputLayer,
        keras.layers.Conv2D,
        keras.layers.DepthwiseConv2D,
        keras.layers.BatchNormalization,
        keras.layers.ReLU,
        keras.layers.GlobalAveragePooling2D,
        keras.layers.Dropout,
        keras.layers.Dense,
    }


class TestCommandLine:
    GIVEN = ("--manifest", "m.csv", "--out", "o", "--network")

    def test_only_published_networks_are_trained_in_columns(self, capsys):
        with pytest.raises(SystemExit) as stop:
            parse([*self.GIVEN, "separable64", "--branches", "2"])
        assert stop.value.code == 2
        assert "separable64 is trained whole" in capsys.readouterr().err

    def test_only_backbones_start_from_weights(self, capsys):
        with pytest.raises(SystemExit) as stop:
            parse([*self.GIVEN, "cnn32", "--weights", "imagenet"])
        assert stop.value.code == 2
        assert "cnn32 starts from scratch" in capsys.readouterr().err

    def test_settings_name_soft_labels_and_leave_out_what_was_not_asked_for(self):
        settings = parse([*self.GIVEN, "cnn32", "--soft-labels", "a.npz", "b.npz"])
        assert settings.as_json()["soft_labels"] == "a.npz b.npz"
        assert "weights" not in settings.as_json()
        started = parse(
            [*self.GIVEN, "mobileneta25_64", "--weights", "some/where/w.h5"]
        )
        assert started.as_json()["weights"] == "w.h5"
        assert "soft_labels" not in parse([*self.GIVEN, "cnn32"]).as_json()
