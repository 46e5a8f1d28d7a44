"""Layers: what they multiply, the network up to each, the limit, and the words."""

import functools
import json

import numpy as np
import pytest

from benchmarks.report import main as report_main

pytest.importorskip("ai_edge_litert", reason="no interpreter is installed here")

from ai_edge_litert.interpreter import Interpreter

from benchmarks.layers.chart import layer_charts, read_layers
from benchmarks.layers.graph import first_layers, layers
from benchmarks.layers.layer_bench import main
from benchmarks.layers.report import (
    LayerTime,
    NetworkLayers,
    Probe,
    limit_ms,
    next_factor,
)
from benchmarks.layers.timing import differences_ms, product, turns_ms
from edge_runtime.model.file import read_model_file
from edge_runtime.model.interpreter import open_interpreter

PROBES = (Probe(256, 256, 256, 0.1, 200.0), Probe(1, 512, 512, 0.01, 50.0))


def shipped(root, name):
    path = root / "models" / f"{name}.qat_int8.tflite"
    if not path.exists():
        pytest.skip(f"{path.name} is not shipped")
    return read_model_file(path).model


def outputs_of(model, stored):
    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], stored)
    interpreter.invoke()
    details = interpreter.get_output_details()
    return [interpreter.get_tensor(each["index"]) for each in details]


def test_multiplications_are_those_of_the_published_network(root):
    # Kernel, inputs, outputs and side of each convolution of docs/architecture's cnn32.
    convolutions = ((2, 3, 64, 32), (3, 64, 40, 16), (3, 40, 30, 8), (3, 30, 25, 4))
    expected = sum(k * k * i * o * side**2 for k, i, o, side in convolutions)
    expected += 25 * 2 * 2 * 512 + 512
    assert sum(layer.macs for layer in layers(shipped(root, "cnn32"))) == expected


def test_a_depthwise_convolution_multiplies_each_channel_by_itself(root):
    found = layers(shipped(root, "lesion32"))
    first = next(layer for layer in found if layer.kind == "DEPTHWISE_CONV_2D")
    assert first.macs == np.prod(first.output) * 3 * 3


def test_all_layers_are_the_network_and_less_are_its_beginning(root):
    model = shipped(root, "cnn32")
    photo = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3)).astype(np.uint8)
    count = len(layers(model))
    (score,) = outputs_of(first_layers(model, count), photo)
    assert score.reshape(-1) == open_interpreter(model).infer(photo)
    for cut in range(1, count):
        *_, last = outputs_of(first_layers(model, cut), photo)
        assert last.shape == layers(model)[cut - 1].output


def test_nothing_is_left_out_where_a_network_branches(root):
    model = shipped(root, "lesion128")
    kinds = [layer.kind for layer in layers(model)]
    photo = np.zeros((1, 128, 128, 3), np.uint8)
    # Both branches end there: each end is an output, none is unused.
    joined = max(i for i, kind in enumerate(kinds) if kind == "CONCATENATION")
    assert len(outputs_of(first_layers(model, joined), photo)) == 2


@pytest.mark.parametrize("shape", [(1, 64, 8), (5, 32, 16)])
def test_a_probe_multiplies_matrices(shape):
    rows, depth, columns = shape
    stored = np.random.default_rng(1).integers(-128, 128, (rows, depth)).astype(np.int8)
    (found,) = outputs_of(product(*shape), stored)
    weights = np.random.default_rng(0).integers(-127, 128, (columns, depth), np.int8)
    real = stored.astype(float) @ weights.T.astype(float) / 128**2
    expected = np.clip(real / (depth**0.5 / 64), -128, 127)
    np.testing.assert_allclose(found, expected, atol=0.51)


def test_everything_is_opened_anew_and_run_in_every_round():
    ran, opened = [], []

    def opening(name):
        opened.append(name)
        return lambda: ran.append(name)

    openings = [functools.partial(opening, name) for name in "abc"]
    found = turns_ms(openings, rounds=4, runs=3)
    assert found.shape == (4, 3)
    # Three runs to settle, three timed ones.
    assert {name: ran.count(name) for name in "abc"} == dict.fromkeys("abc", 4 * 6)
    assert {name: opened.count(name) for name in "abc"} == dict.fromkeys("abc", 4)


def test_a_layers_time_is_the_step_from_one_beginning_to_the_next():
    medians = np.array([[1.0, 3.0, 3.5]] * 4 + [[1.2, 9.5, 3.5]])
    found, low, high = differences_ms(medians)
    assert found == pytest.approx([1.0, 2.0, 0.5])
    assert (low <= found).all() and (found <= high).all()


def test_the_limit_is_arithmetic_or_reading_whichever_takes_longer():
    assert limit_ms(200_000_000, 1000, PROBES) == pytest.approx(1.0)
    assert limit_ms(1000, 50_000_000, PROBES) == pytest.approx(1.0)


def network(*times):
    made = (
        LayerTime(kind, (1, 8), 100, 10, ms, ms, ms, limit) for kind, ms, limit in times
    )
    return NetworkLayers("a", sum(ms for _, ms, _ in times), tuple(made))


def test_the_next_factor_names_the_layers_that_would_give_it():
    slow = network(("CONV_2D", 1.0, 0.9), ("DEPTHWISE_CONV_2D", 3.0, 0.5))
    assert "1 of 2 layers: 1 DEPTHWISE_CONV_2D" in next_factor(slow)


def test_a_network_at_its_limit_needs_less_work():
    # 1.8 of 2 ms are the limit: 1 ms is 44 % less than that.
    assert "44% fewer" in next_factor(network(("CONV_2D", 2.0, 1.8)))


def test_the_command_writes_what_the_report_shows(root, tmp_path, capsys):
    shipped(root, "cnn32")
    words = ["--models", str(root / "models"), "--photos", str(root / "samples")]
    words += ["--only", "cnn32.qat_int8", "--rounds", "3", "--runs", "1"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    assert "cnn32.qat_int8: " in capsys.readouterr().out
    (chart,) = layer_charts(read_layers(tmp_path))
    shares = [trace["x"][0] for trace in chart.figure["data"]]
    assert len(shares) == 6 and min(shares) >= 0
    assert "not a medical device" in (tmp_path / "layers.md").read_text()


def test_another_file_of_that_name_is_refused(tmp_path, capsys):
    (tmp_path / "layers.json").write_text(json.dumps({"rows": []}))
    (tmp_path / "board").mkdir()
    assert report_main([str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("error: ")
