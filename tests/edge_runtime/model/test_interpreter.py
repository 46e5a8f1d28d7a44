"""Whichever interpreter is installed gives the same stored numbers."""

import sys
import types

import numpy as np
import pytest

from edge_runtime.__main__ import main
from edge_runtime.errors import (
    CardMismatchError,
    InterpreterMissingError,
    ModelFileError,
)
from edge_runtime.model import interpreter as interpreter_module
from edge_runtime.model.file import ModelFile
from edge_runtime.model.interpreter import open_interpreter, open_model_file
from edge_runtime.model.quantization import Quantization


@pytest.fixture(scope="module")
def file(classifier):
    return classifier.file


@pytest.fixture(scope="module")
def model(file):
    return open_model_file(file)


@pytest.fixture(scope="module")
def inputs(model):
    """Ten inputs in the range of the tensor's type."""
    real = np.random.default_rng(0).uniform(0, 1, (10, *model.input_shape))
    return model.input.store(real)


class FakeInterpreter:
    """What TFLite's Python class offers, around a model that counts its calls."""

    outputs = 1

    def __init__(self, model_content, num_threads):
        self.threads = num_threads
        self.given = None

    def allocate_tensors(self):
        pass

    def get_input_details(self):
        shape = np.array([1, 2, 2, 3], np.int32)
        return [{"index": 0, "shape": shape, "dtype": np.int8} | {
            "quantization": (0.5, 3)
        }]  # fmt: skip

    def get_output_details(self):
        return [
            {"index": 1, "dtype": np.float32, "quantization": (0.0, 0)}
        ] * self.outputs

    def set_tensor(self, index, stored):
        self.given = stored

    def invoke(self):
        pass

    def get_tensor(self, index):
        return np.full((1, 1), self.given.sum(), np.float32)


@pytest.fixture
def only(monkeypatch):
    """Function: makes ``name`` the only interpreter that can be imported."""

    def install(name, kind=FakeInterpreter):
        for path in interpreter_module._INTERPRETERS:
            # None makes an import fail, installed or not.
            monkeypatch.setitem(sys.modules, path, None)
        if name is not None:
            module = types.ModuleType(name)
            module.Interpreter = kind
            monkeypatch.setitem(sys.modules, name, module)

    return install


class TestRealModel:
    def test_tensors_are_those_of_the_card(self, file, model):
        size_px = file.card.input.size_px
        assert model.input_shape == (1, size_px, size_px, 3)
        assert model.input.dtype_name == file.card.input.dtype
        assert model.input.scale == pytest.approx(file.card.input.scale, rel=2**-23)
        assert model.output.zero_point == file.card.output.zero_point

    def test_it_says_who_runs_it(self, model):
        assert model.name in ("ai_edge_litert", "tflite_runtime", "tensorflow")
        assert model.version[0].isdigit()
        assert model.kernel_family in ("xnnpack", "builtin")

    def test_outputs_are_copies(self, model, inputs):
        first = model.infer(inputs[0])
        kept = first.copy()
        for stored in inputs[1:]:
            model.infer(stored)
        np.testing.assert_array_equal(first, kept)
        first[:] = 0
        np.testing.assert_array_equal(model.infer(inputs[0]), kept)

    def test_outputs_have_one_dimension(self, model, inputs):
        assert model.infer(inputs[0]).shape == (1,)

    def test_threads_change_nothing(self, file, model, inputs):
        two = open_interpreter(file.model, threads=2)
        for stored in inputs:
            np.testing.assert_array_equal(two.infer(stored), model.infer(stored))

    def test_the_appended_zip_changes_nothing(self, file, model, inputs):
        whole = open_interpreter(file.path.read_bytes())
        for stored in inputs:
            np.testing.assert_array_equal(whole.infer(stored), model.infer(stored))

    @pytest.mark.parametrize(
        ("path", "new", "words"),
        [
            ("input.size_px", 99, "input shape"),
            ("input.scale", 0.5, "input"),
            ("input.zero_point", 7, "input"),
            ("output.zero_point", 7, "output"),
        ],
    )
    def test_a_card_of_other_tensors_is_refused(self, file, changed, path, new, words):
        if file.card.output.dtype == "float32":
            pytest.skip("a float32 tensor has no scale to differ in")
        section, name = path.split(".")
        spec = changed(getattr(file.card, section), name, new)
        # Past the card's own checks: as if the converter had written it so.
        specs = {"input": file.card.input, "output": file.card.output}
        card = types.SimpleNamespace(**{**specs, section: spec}, answers=None)
        other = ModelFile(file.path, file.model, card, file.labels, file.golden)
        with pytest.raises(CardMismatchError, match=f"the card says {words}"):
            open_model_file(other)

    def test_the_kernel_family_is_seen(self, file, monkeypatch):
        litert = pytest.importorskip("ai_edge_litert.interpreter")
        plain = litert.Interpreter(
            model_content=file.model,
            experimental_op_resolver_type=(
                litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            ),
        )
        plain.allocate_tensors()
        found = interpreter_module.TfliteModel(plain, "ai_edge_litert", "0")
        assert found.kernel_family == "builtin"


class TestSearch:
    @pytest.mark.parametrize(
        ("path", "name"),
        [
            ("ai_edge_litert.interpreter", "ai_edge_litert"),
            ("tflite_runtime.interpreter", "tflite_runtime"),
            ("tensorflow.lite.python.interpreter", "tensorflow"),
        ],
    )
    def test_each_known_interpreter_will_do(self, only, path, name):
        only(path)
        model = open_interpreter(b"", threads=3)
        assert model.name == name
        assert model.input == Quantization(0.5, 3, np.int8)
        assert model.output == Quantization.identity()
        assert model.kernel_family == "unknown"
        ones = np.ones((1, 2, 2, 3), np.int8)
        np.testing.assert_array_equal(model.infer(ones), [12.0])

    def test_the_smallest_comes_first(self, only, monkeypatch):
        only("ai_edge_litert.interpreter")
        other = types.ModuleType("tflite_runtime.interpreter")
        monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", other)
        assert open_interpreter(b"").name == "ai_edge_litert"

    def test_without_any_the_message_says_what_to_install(self, only):
        only(None)
        with pytest.raises(InterpreterMissingError, match="pip install ai-edge-litert"):
            open_interpreter(b"")

    def test_a_model_with_two_outputs_is_refused(self, only):
        only(
            "tflite_runtime.interpreter",
            type("Two", (FakeInterpreter,), {"outputs": 2}),
        )
        with pytest.raises(ModelFileError, match="tflite_runtime"):
            open_interpreter(b"")

    def test_an_interpreter_that_refuses_the_model_is_quoted(self, only):
        # A fake: tflite_runtime 2.14 crashes on bytes that are no FlatBuffer, which is
        # why only checked bytes may reach an interpreter.
        def refuse(**_):
            raise ValueError("Op builtin_code out of range")

        only("tflite_runtime.interpreter", refuse)
        with pytest.raises(ModelFileError, match=r"tflite_runtime .* out of range"):
            open_interpreter(b"")

    def test_a_32_bit_system_is_told_the_way_out(self):
        from edge_runtime.model.interpreter import _way_out

        assert "pip install ai-edge-litert" in _way_out(2**63 - 1)
        words = _way_out(2**31 - 1)
        assert "64-bit system" in words
        assert "tflite-runtime" in words
        assert "ai-edge-litert" not in words

    def test_no_threads_cannot_run_a_model(self):
        with pytest.raises(ValueError, match="at least 1"):
            open_interpreter(b"", threads=0)


@pytest.mark.long
def test_tensorflows_own_interpreter_agrees(file, model, inputs, monkeypatch):
    pytest.importorskip("tensorflow")
    for path in [*interpreter_module._INTERPRETERS][:2]:
        monkeypatch.setitem(sys.modules, path, None)
    other = open_interpreter(file.model)
    assert other.name == "tensorflow"
    for stored in inputs:
        np.testing.assert_array_equal(other.infer(stored), model.infer(stored))


@pytest.mark.parametrize(
    "error",
    [
        "AttributeError('_ARRAY_API not found')",
        "SystemError('initialization raised unreported exception')",
        "OSError('libx.so: cannot open shared object file')",
        "ImportError('no')",
    ],
)
def test_an_interpreter_that_cannot_be_imported_is_one_line(
    monkeypatch, tmp_path, error, capsys
):
    folder = tmp_path / "ai_edge_litert"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "interpreter.py").write_text(f"raise {error}")
    for name in list(sys.modules):
        if name.partition(".")[0] in ("ai_edge_litert", "tflite_runtime", "tensorflow"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(
        interpreter_module,
        "_INTERPRETERS",
        {"ai_edge_litert.interpreter": ("ai-edge-litert",)},
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InterpreterMissingError, match="pip install ai-edge-litert"):
        interpreter_module.found_interpreter()
    assert main(["doctor"]) == 1
    assert "do: pip install ai-edge-litert" in capsys.readouterr().out


def test_a_tflite_runtime_built_for_numpy_1_is_not_even_imported(monkeypatch, tmp_path):
    folder = tmp_path / "tflite_runtime"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(
        interpreter_module,
        "_INTERPRETERS",
        {"tflite_runtime.interpreter": ("tflite-runtime",)},
    )
    monkeypatch.setattr(interpreter_module.np, "__version__", "2.1.0")
    with pytest.raises(InterpreterMissingError, match="'numpy<2'"):
        interpreter_module.found_interpreter()
