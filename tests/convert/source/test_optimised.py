"""Models that the optimisation toolkit wrapped, saved whole."""

import numpy as np
import pytest
import tensorflow_model_optimization as tfmot
import tf_keras

from convert.graph.fold_batch_norm import folded
from convert.graph.input_rule import InputRule
from convert.graph.nodes import built
from convert.quantize.export import flatbuffer
from convert.quantize.recipes import RECIPES
from convert.source.model import read_source
from convert.tflite.audit import audit
from edge_runtime.model.interpreter import open_interpreter

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5"),
    # Of the toolkit's own pruning schedule and cluster centres.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow_model_opt"),
]
SIZE_PX = 16
REAL = np.random.default_rng(0).random((8, SIZE_PX, SIZE_PX, 3), np.float32)
REAL *= np.linspace(0.1, 1, 8, dtype=np.float32)[:, None, None, None]


def _network():
    tf_keras.utils.set_random_seed(0)
    layers = tf_keras.layers
    return tf_keras.Sequential(
        [
            layers.Conv2D(6, 3, activation="relu", input_shape=(SIZE_PX, SIZE_PX, 3)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def _clustered(model):
    clustering = tfmot.clustering.keras
    start = clustering.CentroidInitialization.LINEAR
    return clustering.cluster_weights(
        model, number_of_clusters=8, cluster_centroids_init=start
    )


def _quantised(model):
    wrapped = tfmot.quantization.keras.quantize_model(model)
    wrapped.compile("adam", "binary_crossentropy")
    wrapped.fit(REAL, np.arange(8) % 2, epochs=2, verbose=0)
    return wrapped


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize("wrap", [tfmot.sparsity.keras.prune_low_magnitude, _clustered])
def test_wrappers_of_pruning_and_clustering_are_taken_off(wrap, suffix, tmp_path):
    model = wrap(_network())
    model.save(tmp_path / f"net{suffix}")
    source = read_source(tmp_path / f"net{suffix}", rule=InputRule())
    expected = np.asarray(model(REAL, training=False))[:, 0]
    again = np.asarray(built(folded(source.nodes), SIZE_PX)(REAL))[:, 0]
    np.testing.assert_allclose(again, expected, atol=1e-5)


def test_ranges_of_fine_tuning_done_elsewhere_are_kept(tmp_path):
    model = _quantised(_network())
    model.save(tmp_path / "net.h5")
    source = read_source(tmp_path / "net.h5", rule=InputRule())
    expected = np.asarray(model(REAL, training=False))[:, 0]
    rebuilt = built(folded(source.nodes_or_kept), SIZE_PX)
    np.testing.assert_allclose(np.asarray(rebuilt(REAL))[:, 0], expected, atol=1e-5)
    file = flatbuffer(
        rebuilt,
        RECIPES["ptq_int8"],
        size_px=SIZE_PX,
        io="uint8",
        representative=lambda: (each[None] for each in REAL),
    )
    audit(file, int8=True)
    opened = open_interpreter(file)
    given = [opened.infer(opened.input.store(each[None])) for each in REAL]
    scores = np.array([float(opened.output.restore(each)[0]) for each in given])
    # The fake ranges are the file's: half a step of 1/256, and rounding inside.
    assert np.abs(scores - expected).max() < 0.01
