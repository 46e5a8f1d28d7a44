"""SqueezeNet 1.1: as large as published, its blue-first weights turned round."""

from pathlib import Path

import keras
import numpy as np
import pytest

from training.networks.squeezenet import squeezenet

WEIGHTS = (
    Path(__file__).parents[3]
    / "weights"
    / "squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
SIDE = 64


def test_as_large_as_published():
    # 1,235,496 of SqueezeNet 1.1, less the 512 x 1000 convolution of its top.
    network = squeezenet(input_shape=(SIDE, SIDE, 3))
    assert network.count_params() == 1_235_496 - (512 + 1) * 1000
    assert network.output_shape[-1] == 512


def test_positions_left_are_the_published_ones():
    # 13 x 13 at 227 px: an eighth of the positions in each direction, and no padding.
    assert squeezenet(input_shape=(227, 227, 3)).output_shape[1:3] == (13, 13)


def test_weights_made_for_blue_first_see_the_same_photo(tmp_path):
    rng = np.random.default_rng(0)
    published = squeezenet(input_shape=(SIDE, SIDE, 3))
    published.set_weights(
        [rng.normal(0, 0.1, x.shape) for x in published.get_weights()]
    )
    file = tmp_path / "made.weights.h5"
    published.save_weights(file)
    ours = squeezenet(input_shape=(SIDE, SIDE, 3), weights=str(file))
    pixels = rng.random((1, SIDE, SIDE, 3), "f4")
    np.testing.assert_allclose(
        np.asarray(ours([pixels])),
        np.asarray(published([pixels[..., ::-1]])),
        rtol=1e-4,
        atol=1e-5,
    )


def test_there_is_nothing_to_fetch():
    with pytest.raises(ValueError, match="expected a file"):
        squeezenet(input_shape=(SIDE, SIDE, 3), weights="imagenet")


@pytest.mark.skipif(not WEIGHTS.is_file(), reason=f"{WEIGHTS.name} is not at hand")
def test_published_file_loads_layer_by_layer():
    network = squeezenet(input_shape=(SIDE, SIDE, 3), weights=str(WEIGHTS))
    kernel = network.get_layer("entrance").get_weights()[0]
    # Trained filters are smooth; random ones stay within 0.06 of zero.
    neighbours = np.corrcoef(kernel[:, :-1].ravel(), kernel[:, 1:].ravel())[0, 1]
    assert neighbours > 0.1
    assert all(np.abs(x).max() < 10 for x in network.get_weights())
    assert isinstance(network, keras.Model)
