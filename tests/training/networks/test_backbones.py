from dataclasses import replace

import keras
import numpy as np
import pytest

from training.networks.backbones import WeightsError, build_backbone
from training.networks.designs import BACKBONES, Backbone, Part
from training.networks.squeezenet import squeezenet

ROWS = [BACKBONES["mobileneta25_64"], BACKBONES["mobilenetv2a35_64"]]


def _published(row):
    (part,) = row.parts
    make = {
        "mobilenet": keras.applications.MobileNet,
        "mobilenetv2": keras.applications.MobileNetV2,
    }[part.architecture]
    shape = (row.size_px, row.size_px, 3)
    return make(input_shape=shape, alpha=part.alpha, include_top=False, weights=None)


@pytest.fixture(scope="module", params=ROWS, ids=lambda row: row.name)
def row(request):
    return request.param


@pytest.fixture
def published(row):
    """The network as published, with made weights and batch statistics."""
    rng = np.random.default_rng(0)
    model = _published(row)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights(
                [rng.uniform(0.5, 1.5, array.shape) for array in layer.get_weights()]
            )
    return model


@pytest.fixture
def weights(published, tmp_path):
    path = tmp_path / "made.weights.h5"
    published.save_weights(path)
    return path


def test_first_block_gives_the_published_values_away_from_the_border(
    row, published, weights
):
    ours = build_backbone(row, [str(weights)])
    norm = next(
        layer.name
        for layer in published.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    )
    pixels = np.random.default_rng(1).random((1, row.size_px, row.size_px, 3), "f4")

    def values(model, shown):
        part = keras.Model(model.input, model.get_layer(norm).output)
        return np.asarray(part(shown))[:, 1:-1, 1:-1]

    # Float32 sums of 27 products in another order.
    np.testing.assert_allclose(
        values(ours, pixels), values(published, 2 * pixels - 1), atol=1e-5
    )


def test_other_layers_keep_their_weights(row, published, weights):
    ours = build_backbone(row, [str(weights)])
    deep = [layer.name for layer in published.layers if layer.get_weights()][2:]
    for name in deep:
        for one, other in zip(
            published.get_layer(name).get_weights(),
            ours.get_layer(name).get_weights(),
            strict=True,
        ):
            np.testing.assert_array_equal(one, other)


def test_missing_weights_are_named(row, tmp_path):
    with pytest.raises(WeightsError, match=r"nowhere\.h5 are missing"):
        build_backbone(row, [str(tmp_path / "nowhere.h5")])


def test_weights_of_another_network_are_refused(weights, row):
    (other,) = [candidate for candidate in ROWS if candidate != row]
    with pytest.raises(WeightsError, match=f"do not fit {other.name}"):
        build_backbone(other, [str(weights)])


@pytest.fixture
def quarter_weights(tmp_path):
    model = _published(BACKBONES["mobileneta25_64"])
    path = tmp_path / "quarter.weights.h5"
    model.save_weights(path)
    return path


@pytest.mark.parametrize("name", ["lesion32", "lesion64"])
def test_dense_stem_sees_every_pixel_with_the_same_kernel(name, quarter_weights):
    row = BACKBONES[name]
    ours = build_backbone(row, [str(quarter_weights)])
    strided = build_backbone(BACKBONES["mobileneta25_64"], [str(quarter_weights)])
    pixels = np.random.default_rng(1).random((1, row.size_px, row.size_px, 3), "f4")
    dense = np.asarray(keras.Model(ours.input, ours.get_layer("conv1").output)(pixels))
    assert dense.shape[1:3] == (row.size_px, row.size_px)
    kernel = strided.get_layer("conv1").get_weights()[0]
    expected = np.tensordot(pixels[0, 4:7, 6:9], kernel, axes=3)
    np.testing.assert_allclose(dense[0, 5, 7], expected, atol=1e-5)


def test_cut_network_ends_where_its_row_says():
    model = build_backbone(BACKBONES["lesion32"])
    names = [layer.name for layer in model.layers]
    assert "conv_pw_8_relu" in names
    assert "conv_dw_9" not in names


def test_network_of_two_parts_hands_both_their_weights(tmp_path):
    rows = [BACKBONES["mobileneta25_128"], BACKBONES["mobilenetv2a35_128"]]
    files = []
    for row in rows:
        files.append(str(tmp_path / f"{row.name}.weights.h5"))
        _published(row).save_weights(files[-1])
    two = replace(
        BACKBONES["lesion128"],
        parts=(Part("mobilenet", 0.25), Part("mobilenetv2", 0.35)),
    )
    both = build_backbone(two, files)
    pixels = np.random.default_rng(1).random((1, 128, 128, 3), "f4")
    means = keras.Model(
        both.input, [both.get_layer(n).output for n in ("mean", "mean1")]
    )
    for mean, row, file in zip(means(pixels), rows, files, strict=True):
        alone = build_backbone(row, [file])
        seen = keras.Model(alone.input, alone.get_layer("mean").output)(pixels)
        np.testing.assert_allclose(mean, seen, rtol=1e-4, atol=1e-6)


def test_scaled_part_says_that_share_of_what_it_said(tmp_path):
    part = Part("squeezenet", last_layer="fire4_concat")
    row = Backbone("scaled", 64, (part,))
    file = tmp_path / "squeezenet.weights.h5"
    network = squeezenet(input_shape=(64, 64, 3))
    rng = np.random.default_rng(0)
    network.set_weights([rng.normal(0, 0.2, x.shape) for x in network.get_weights()])
    network.save_weights(file)
    pixels = rng.random((1, 64, 64, 3), "f4")
    said = [
        np.asarray(keras.Model(model.input, model.get_layer("mean").output)(pixels))
        for model in (
            build_backbone(
                replace(row, parts=(replace(part, scale=scale),)), [str(file)]
            )
            for scale in (1.0, 1 / 16)
        )
    ]
    assert said[0].max() > 1
    np.testing.assert_allclose(said[1], said[0] / 16, rtol=1e-4, atol=1e-4)


def test_first_layers_stay_as_published(tmp_path):
    row = Backbone("held", 32, (Part("squeezenet", still="fire2_concat"),))
    scratch = build_backbone(row)
    assert all(layer.trainable for layer in scratch.layers)
    file = tmp_path / "squeezenet.weights.h5"
    squeezenet(input_shape=(32, 32, 3)).save_weights(file)
    model = build_backbone(row, [str(file)])
    learning = {layer.name for layer in model.layers if layer.trainable}
    assert "fire3_squeeze1x1" in learning
    assert not {"entrance", "fire2_expand3x3"} & learning
    model.compile("sgd", "binary_crossentropy")
    before = {layer.name: layer.get_weights() for layer in model.layers}
    model.train_on_batch(np.ones((2, 32, 32, 3), "f4"), np.array([[0.0], [1.0]]))
    for name, arrays in before.items():
        for old, new in zip(arrays, model.get_layer(name).get_weights(), strict=True):
            if name not in learning:
                np.testing.assert_array_equal(old, new)
    changed = model.get_layer("fire3_expand1x1").get_weights()[1]
    assert (changed != before["fire3_expand1x1"][1]).any()


def test_cut_behind_no_layer_is_refused():
    row = Backbone("cut", 64, (Part("squeezenet", last_layer="fire99_concat"),))
    with pytest.raises(WeightsError, match=r"no layer fire99_concat; .* fire9_concat"):
        build_backbone(row)


def test_one_file_for_two_parts_is_refused(tmp_path):
    with pytest.raises(
        WeightsError, match=r"2 parts \(efficientnetlite0, squeezenet\) and got 1"
    ):
        build_backbone(BACKBONES["lesion128"], [str(tmp_path / "a.h5")])
