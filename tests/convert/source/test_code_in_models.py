"""A model file must not run code: each format with something planted in it."""

import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from convert.errors import ConversionError
from convert.source.code_in_models import refuse_code
from convert.source.loading import load_model

pytestmark = pytest.mark.filterwarnings(
    "ignore:You are saving your model as an HDF5", "ignore:The `keras.initializers"
)
FORMATS = [(keras, ".keras"), (keras, ".h5"), (tf_keras, ".keras"), (tf_keras, ".h5")]
each_format = pytest.mark.parametrize(("framework", "suffix"), FORMATS)


def _with_layer(framework, layer):
    given = framework.Input((8, 8, 3))
    inner = framework.layers.Flatten()(layer(given))
    outputs = framework.layers.Dense(1, activation="sigmoid")(inner)
    return framework.Model(given, outputs)


def _planted(framework, mark):
    """A Lambda that leaves a mark when its code runs."""
    text = str(mark)
    return framework.layers.Lambda(
        lambda x: (__import__("pathlib").Path(text).write_text("ran"), x)[1],
        output_shape=(8, 8, 3),
        name="innocent",
    )


@each_format
def test_a_lambda_is_not_run_unless_it_is_trusted(framework, suffix, tmp_path):
    mark, path = tmp_path / "mark", tmp_path / f"net{suffix}"
    _with_layer(framework, _planted(framework, mark)).save(path)
    mark.unlink(missing_ok=True)
    with pytest.raises(ConversionError, match="would run code of its own") as refused:
        load_model(path, {})
    assert "--trust-code" in str(refused.value)
    assert not mark.exists()
    model = load_model(path, {}, trust_code=True)
    model(np.zeros((1, 8, 8, 3), np.float32))
    assert mark.exists()


def test_a_saved_model_that_writes_files_is_not_loaded(tmp_path):
    class Writer(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((1, 8, 8, 3))])
        def run(self, picture):
            tf.io.write_file(str(tmp_path / "mark"), "ran")
            return {"score": tf.reduce_mean(picture)[None, None]}

    module = Writer()
    folder = tmp_path / "net"
    tf.saved_model.save(module, str(folder), {"serving_default": module.run})
    with pytest.raises(ConversionError, match="operation WriteFile") as refused:
        load_model(folder, {})
    assert "--trust-code" in str(refused.value)
    load_model(folder, {}, trust_code=True)(tf.zeros((1, 8, 8, 3)))
    assert (tmp_path / "mark").exists()


def test_a_function_of_tensorflow_that_reads_files_is_not_called(tmp_path):
    given = tf_keras.Input((8, 8, 3))
    inner = tf.io.encode_base64(tf.strings.as_string(given))
    inner = tf.strings.to_number(tf.io.decode_base64(inner))
    outputs = tf_keras.layers.Dense(1)(tf_keras.layers.Flatten()(inner))
    tf_keras.Model(given, outputs).save(tmp_path / "net.h5")
    with pytest.raises(ConversionError, match=r"tf\.io\."):
        load_model(tmp_path / "net.h5", {})


@pytest.mark.parametrize(
    ("module", "name", "refused"),
    [
        ("os", "system", True),
        ("builtins", "eval", True),
        ("keras.utils", "get_file", True),
        ("keras.src.saving.saving_api", "load_model", True),
        ("mine", "Own", False),
        ("mine", "Other", True),
        ("keras.layers", "Dense", False),
        ("keras.src.ops.numpy", "Multiply", False),
    ],
)
def test_a_config_names_known_modules_or_the_users_own(module, name, refused, tmp_path):
    path = tmp_path / "net.keras"
    layer = {"module": module, "class_name": name, "config": {"name": "x"}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"config": {"layers": [layer]}}))
    if not refused:
        refuse_code(path, {"Own"})
        return
    with pytest.raises(ConversionError, match=f"{module}.{name}".replace(".", r"\.")):
        refuse_code(path, {"Own"})


@each_format
def test_plain_models_load(framework, suffix, tmp_path):
    path = Path(tmp_path / f"net{suffix}")
    _with_layer(framework, framework.layers.Rescaling(1 / 255)).save(path)
    assert load_model(path, {}).count_params() == 193


def test_hdf5_under_the_name_of_a_keras_file_loads(tmp_path):
    model = _with_layer(tf_keras, tf_keras.layers.Rescaling(1 / 255))
    model.save(tmp_path / "net.h5")
    (tmp_path / "net.h5").rename(tmp_path / "net.keras")
    assert load_model(tmp_path / "net.keras", {}).count_params() == 193
