"""Mistakes in paths are told within two seconds, without TensorFlow."""

import json
import os
import subprocess
import sys
import zipfile

import pytest

from convert.pipeline.early_checks import unwritable
from convert.quantize.recipes import has_ai_edge


@pytest.fixture
def refused(root, tmp_path):
    """A function: exit status and message of the command without a TensorFlow."""
    folder = tmp_path / "no_tensorflow"
    folder.mkdir()
    for name in ("tensorflow", "keras", "tf_keras"):
        (folder / f"{name}.py").write_text("raise SystemExit('imported')")
    table = tmp_path / "m.csv"
    table.write_text("path,label,split,lesion,lesion_in_train\n")

    def run(*words):
        done = subprocess.run(
            [sys.executable, root / "convert/to_tflite.py", *words],
            env=os.environ | {"PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert "imported" not in done.stderr
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr

    return run


def _model(folder, name="net.keras", content=b"\x89HDF\r\n\x1a\n"):
    (folder / name).write_bytes(content)
    return str(folder / name)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.keras"], "none.keras cannot be read: there is no such file"),
        (["net.onnx"], "net.onnx is of no known format; expected a .keras"),
        (["text.keras"], "is neither a zip archive nor HDF5"),
        (["."], "is a folder without saved_model.pb"),
        (["net.keras", "--out", "net.keras/models"], "net.keras is no folder"),
        (["net.keras", "--report", "net.keras"], "net.keras is no folder"),
        (["net.keras", "--custom-object", "mine"], "package.module:name"),
        (["net.keras", "--calibration", "no.csv"], "--calibration no.csv: no such"),
        (["--builder", "a:b", "--weights", "no.h5"], "the weights no.h5 cannot be"),
    ],
)
def test_wrong_paths_are_told_at_once(words, message, refused, tmp_path):
    _model(tmp_path)
    _model(tmp_path, "net.onnx")
    _model(tmp_path, "text.keras", b"a text")
    status, said = refused(*words, "--manifest", "m.csv")
    assert status == 1
    assert said.startswith("error: ")
    assert message in said


def test_a_file_that_is_there_is_told_at_once_for_our_own_networks(refused, tmp_path):
    model = _model(tmp_path)
    (tmp_path / "training.json").write_text('{"network": "cnn32"}')
    (tmp_path / "models").mkdir()
    (tmp_path / "models/cnn32.qat_int8.tflite").write_bytes(b"mine")
    status, said = refused(model, "--manifest", "m.csv")
    assert status == 1
    assert "is there already; give --overwrite" in said


def test_the_name_inside_a_keras_file_is_enough_for_that(refused, tmp_path):
    for name, inside in (("net", "functional_3"), ("other", "my net")):
        with zipfile.ZipFile(tmp_path / f"{name}.keras", "w") as archive:
            archive.writestr("config.json", json.dumps({"config": {"name": inside}}))
    (tmp_path / "models").mkdir()
    for model, network in (("net", "net"), ("other", "my_net")):
        (tmp_path / f"models/{network}.qat_int8.tflite").write_bytes(b"mine")
        status, said = refused(f"{model}.keras", "--manifest", "m.csv")
        assert status == 1
        assert f"{network}.qat_int8.tflite is there already" in said


@pytest.mark.skipif(has_ai_edge(), reason="the optional package is installed")
def test_a_recipe_whose_package_is_missing_says_what_to_install(refused, tmp_path):
    words = (_model(tmp_path), "--manifest", "m.csv", "--recipe", "aeq_int8")
    status, said = refused(*words)
    assert status == 1
    assert "pip install 'lesion-edge[aeq]'" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_told(tmp_path):
    tmp_path.chmod(0o500)
    assert "no permission" in unwritable(tmp_path / "models")


def test_a_folder_that_is_not_there_yet_is_no_problem(tmp_path):
    assert unwritable(tmp_path / "a/b/c") is None
