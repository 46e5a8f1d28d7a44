"""The lightweight networks as ``train.py`` builds them, down to an integer file."""

import keras
import numpy as np
import pytest

from convert.graph.fold_batch_norm import folded
from convert.graph.head import head_of_nodes, with_one_sigmoid
from convert.graph.keras_to_nodes import nodes_of
from convert.graph.nodes import built
from convert.quantize.conversion import SAME_DEEP_FUNCTION
from convert.quantize.export import flatbuffer
from convert.quantize.recipes import RECIPES
from convert.source.frozen_graph import frozen_graph, range_in
from convert.tflite.audit import audit
from edge_runtime.model.interpreter import open_interpreter
from training.networks.backbones import build_backbone
from training.networks.designs import BACKBONES

NAMES = (
    "mobileneta50_64",
    "mobilenetv2a50_64",
    "mobilenetv3smalla75_64",
    "efficientnetb0_64",
    "resnet101v2_64",
)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_network_becomes_integers_with_one_score(name):
    keras.utils.set_random_seed(0)
    row = BACKBONES[name]
    model = build_backbone(row)
    generator = np.random.default_rng(0)
    colours = generator.random((16, 1, 1, 3))
    real = np.float32(generator.random((16, 64, 64, 3)) * colours)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    model(real, training=True)
    # Otherwise the converter would take pixels / 255 for 0 to 255.
    read = range_in(frozen_graph(model, (1, row.size_px, row.size_px, 3)))
    assert read is None or read.range == "0..1"
    nodes = nodes_of(model)
    head = head_of_nodes(nodes, row.units, 1)
    rebuilt = built(folded(with_one_sigmoid(nodes, head)), row.size_px)
    expected = head.probability(np.asarray(model(real)))
    found = np.asarray(rebuilt(real))[:, 0]
    assert np.ptp(expected) > 100 * SAME_DEEP_FUNCTION
    assert np.abs(found - expected).max() < SAME_DEEP_FUNCTION
    file = flatbuffer(
        rebuilt,
        RECIPES["ptq_int8"],
        size_px=row.size_px,
        io="uint8",
        representative=lambda: (each[None] for each in real),
    )
    audit(file, int8=True)
    opened = open_interpreter(file)
    stored = [opened.input.store(each[None]) for each in real]
    scores = [float(opened.output.restore(opened.infer(x))[0]) for x in stored]
    assert len(set(scores)) > 3
    # Nothing of accuracy: a hundred random layers magnify rounding (correlation with
    # the float scores: 0.45 for ResNet101V2), which says nothing about trained ones.
