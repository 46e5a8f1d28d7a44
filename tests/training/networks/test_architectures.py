"""Published networks: as large as published, and at home with pixels / 255."""

import keras
import numpy as np
import pytest

from training.networks.architectures import (
    ARCHITECTURES,
    first_convolution,
    without_top,
)
from training.networks.backbones import build_backbone
from training.networks.designs import BACKBONES

SIDE = 64

# With their top of 1000 classes, as https://keras.io/api/applications and the models'
# own summaries give them; features that the top reads.
PUBLISHED = {
    "mobileneta25_64": (475_544, 256),
    "mobileneta100_64": (4_253_864, 1024),
    "mobilenetv2a100_64": (3_538_984, 1280),
    "nasnetmobile_64": (5_326_716, 1056),
    "efficientnetb0_64": (5_330_571, 1280),
    "resnet101v2_64": (44_675_560, 2048),
}
# EfficientNetB0's own scaling of its input: three means, three variances, a counter.
SCALING = {"efficientnetb0_64": 7}


@pytest.mark.long
@pytest.mark.parametrize("name", PUBLISHED)
def test_networks_are_as_large_as_published(name):
    whole, features = PUBLISHED[name]
    row = BACKBONES[name]
    body = whole - (features + 1) * 1000 - SCALING.get(name, 0)
    model = build_backbone(row)
    assert model.count_params() == body + (features + 1) * row.units


@pytest.mark.slow
def test_largest_network_is_the_published_project_s():
    # Its README prints both numbers; the network ends in two softmax units.
    model = build_backbone(BACKBONES["resnet101v2_64"])
    assert model.count_params() == 42_630_658
    assert sum(x.numpy().size for x in model.non_trainable_weights) == 97_664
    pixels = np.random.default_rng(0).random((2, 64, 64, 3), "f4")
    shares = np.asarray(model(pixels))
    assert shares.shape == (2, 2)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "layer", "entrance"),
    [
        pytest.param("mobilenetv3small", "conv_bn", None, marks=pytest.mark.slow),
        pytest.param("nasnetmobile", "stem_bn1", None, marks=pytest.mark.long),
        pytest.param(
            "efficientnetb0", "stem_bn", "stem_conv_pad", marks=pytest.mark.long
        ),
        pytest.param("resnet101v2", "conv1_conv", None, marks=pytest.mark.long),
    ],
)
def test_weights_made_for_another_range_see_the_same_photo(
    name, layer, entrance, tmp_path
):
    row = ARCHITECTURES[name]
    published = row.build(
        input_shape=(SIDE, SIDE, 3), include_top=False, weights=None, **row.options
    )
    rng = np.random.default_rng(0)
    for each in published.layers:
        if isinstance(each, keras.layers.BatchNormalization):
            each.set_weights(
                [rng.uniform(0.5, 1.5, x.shape) for x in each.get_weights()]
            )
    convolution = first_convolution(published)
    convolution.set_weights(
        [rng.normal(0, 0.1, x.shape) for x in convolution.get_weights()]
    )
    file = tmp_path / "made.weights.h5"
    published.save_weights(file)
    ours = without_top(
        name, keras.Input((SIDE, SIDE, 3), name="pixels"), 1.0, str(file)
    )
    start = published.get_layer(entrance).input if entrance else published.inputs[0]
    expected = keras.Model(start, published.get_layer(layer).output)
    found = keras.Model(ours.inputs[0], ours.get_layer(layer).output)
    pixels = rng.random((1, SIDE, SIDE, 3), "f4")
    # Float32 sums of some hundred products in another order; borders are padded.
    np.testing.assert_allclose(
        np.asarray(found(pixels))[:, 2:-2, 2:-2],
        np.asarray(expected(pixels * np.float32(row.gain) + np.float32(row.shift)))[
            :, 2:-2, 2:-2
        ],
        atol=1e-4,
    )


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("mobilenetv3smalla75_64", marks=pytest.mark.slow),
        pytest.param("nasnetmobile_64", marks=pytest.mark.long),
        pytest.param("efficientnetb0_64", marks=pytest.mark.long),
        pytest.param("resnet101v2_64", marks=pytest.mark.long),
    ],
)
def test_weights_find_their_layers_in_a_second_network_of_the_process(name):
    # training/fitting/cycles.py hands them over by name.
    names = [
        [
            layer.name
            for layer in build_backbone(BACKBONES[name]).layers
            if layer.weights
        ]
        for _ in range(2)
    ]
    assert names[0] == names[1]
    assert len(set(names[0])) == len(names[0]) > 20
