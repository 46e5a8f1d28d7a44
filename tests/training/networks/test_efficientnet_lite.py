"""EfficientNet-Lite: as large as published, and its published weights see a photo."""

from pathlib import Path

import keras
import matplotlib
import numpy as np
import pytest
from PIL import Image

from tests.training.torch_files import write_arrays
from training.networks.efficientnet_lite import DEVIATION, MEAN, efficientnet_lite
from training.networks.torch_checkpoint import read_torch_file

WEIGHTS = Path(__file__).parents[3] / "weights"
FILES = {
    0: WEIGHTS / "efficientnet-lite0-57934424.pth",
    1: WEIGHTS / "efficientnet-lite1-77cc7160.pth",
    2: WEIGHTS / "efficientnet-lite2-9656183e.pth",
}
SIDE = 32
MILITARY_UNIFORM = 652


@pytest.mark.parametrize(
    ("scale", "published"), [(0, 4_652_008), (1, 5_416_680), (2, 6_092_072)]
)
def test_as_large_as_published(scale, published):
    network = efficientnet_lite(scale=scale, input_shape=(SIDE, SIDE, 3))
    learnt = sum(int(np.prod(each.shape)) for each in network.trainable_weights)
    assert learnt == published - (1280 + 1) * 1000


def _torch_arrays(network):
    """Made weights under PyTorch's names and in its order of axes."""
    rng = np.random.default_rng(0)
    arrays = {}
    for layer in network.layers:
        kind = layer.name.removesuffix("_bn")
        block, _, part = kind.rpartition("_")
        if not layer.weights:
            continue
        stage = {"expand": 0, "depthwise": 1, "project": 2}.get(part)
        home = f"_blocks.{block.removeprefix('block')}." if block else ""
        if isinstance(layer, keras.layers.BatchNormalization):
            norm = {"stem": 0, "head": 1}.get(kind, stage)
            count = layer.weights[0].shape
            for name in ("weight", "bias", "running_mean", "running_var"):
                arrays[f"{home}_bn{norm}.{name}"] = rng.uniform(0.5, 1.5, count)
            continue
        rows, columns, *rest = layer.weights[0].shape
        depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        shape = (*(rest if depthwise else rest[::-1]), rows, columns)
        name = {"stem": "_conv_stem", "head": "_conv_head"}.get(
            kind, f"{home}_{part}_conv"
        )
        arrays[f"{name}.weight"] = rng.normal(0, 0.1, shape)
    return {name: array.astype(np.float32) for name, array in arrays.items()}


@pytest.fixture(scope="module")
def network():
    return efficientnet_lite(scale=0, input_shape=(SIDE, SIDE, 3))


def test_weights_of_a_pytorch_file_arrive(network, tmp_path, monkeypatch):
    arrays = _torch_arrays(network)
    file = write_arrays(tmp_path / "made.pth", arrays, monkeypatch)
    loaded = efficientnet_lite(scale=0, input_shape=(SIDE, SIDE, 3), weights=str(file))
    kernel = loaded.get_layer("block3_expand").get_weights()[0]
    there = arrays["_blocks.3._expand_conv.weight"]
    np.testing.assert_array_equal(kernel[0, 0], there[:, :, 0, 0].T)
    kernel = loaded.get_layer("block3_depthwise").get_weights()[0]
    there = arrays["_blocks.3._depthwise_conv.weight"]
    np.testing.assert_array_equal(kernel[1, 4, :, 0], there[:, 0, 1, 4])
    scale, *_, variance = loaded.get_layer("block3_depthwise_bn").get_weights()
    np.testing.assert_array_equal(scale, arrays["_blocks.3._bn1.weight"])
    np.testing.assert_array_equal(variance, arrays["_blocks.3._bn1.running_var"])
    count = sum(array.size for array in arrays.values())
    assert loaded.count_params() == count


def test_file_of_another_scale_is_refused(network, tmp_path, monkeypatch):
    file = write_arrays(tmp_path / "made.pth", _torch_arrays(network), monkeypatch)
    with pytest.raises(ValueError, match="block3_depthwise weight shape"):
        efficientnet_lite(scale=1, input_shape=(SIDE, SIDE, 3), weights=str(file))


def test_what_a_file_lacks_is_named(network, tmp_path, monkeypatch):
    arrays = _torch_arrays(network)
    del arrays["_blocks.3._bn1.weight"]
    file = write_arrays(tmp_path / "made.pth", arrays, monkeypatch)
    with pytest.raises(ValueError, match=r"holds no '_blocks\.3\._bn1\.weight'"):
        efficientnet_lite(scale=0, input_shape=(SIDE, SIDE, 3), weights=str(file))


def test_keras_file_loads_too(network, tmp_path):
    file = tmp_path / "made.weights.h5"
    network.save_weights(file)
    loaded = efficientnet_lite(scale=0, input_shape=(SIDE, SIDE, 3), weights=str(file))
    for ours, theirs in zip(loaded.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_there_is_nothing_to_fetch():
    with pytest.raises(ValueError, match="expected a file"):
        efficientnet_lite(scale=0, input_shape=(SIDE, SIDE, 3), weights="imagenet")


@pytest.mark.parametrize("scale", FILES)
def test_published_weights_know_a_uniform(scale):
    file = FILES[scale]
    if not file.is_file():
        pytest.skip(f"{file.name} is not at hand")
    network = efficientnet_lite(
        scale=scale, input_shape=(224, 224, 3), weights=str(file)
    )
    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    photo = Image.open(path).convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
    shown = (np.asarray(photo, np.float32) - MEAN) / DEVIATION
    seen = np.asarray(network([shown[None]])).mean(axis=(1, 2))[0]
    top = read_torch_file(file)
    said = top["_fc.weight"] @ seen + top["_fc.bias"]
    assert said.argmax() == MILITARY_UNIFORM
