"""How each runtime opens a model, and runs it on one thread.

Every opener takes the case's files and returns a function from an input, as the model
stores it or in float, to the raw output. Imports stand inside: a peer that is not
installed must not keep the others from running.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Infer = Callable[[NDArray[Any]], NDArray[Any]]


@dataclass(frozen=True)
class Files:
    """One network in the forms that peers read.

    Attributes:
        tflite: the shipped file.
        quantised: what tf2onnx makes of it.
        plain: the same in float.
        own_int8: what ONNX Runtime makes of the float one.
    """

    tflite: Path
    quantised: Path
    plain: Path
    own_int8: Path


@dataclass(frozen=True)
class Peer:
    """One runtime with one form of the network.

    Attributes:
        package: its name on PyPI, to tell the version.
        int8: whether it takes stored input and computes in integers.
        opened: opens it.
    """

    package: str
    int8: bool
    opened: Callable[[Files], Infer]


def _ours(files: Files) -> Infer:
    from edge_runtime.model.file import read_model_file
    from edge_runtime.model.interpreter import open_model_file

    return open_model_file(read_model_file(files.tflite), threads=1).infer


def _litert(*, xnnpack: bool) -> Callable[[Files], Infer]:
    def opened(files: Files) -> Infer:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        kind = OpResolverType.AUTO if xnnpack else _without_delegates(OpResolverType)
        interpreter = Interpreter(
            str(files.tflite), num_threads=1, experimental_op_resolver_type=kind
        )
        interpreter.allocate_tensors()
        given = interpreter.get_input_details()[0]["index"]
        gained = interpreter.get_output_details()[0]["index"]

        def infer(stored: NDArray[Any]) -> NDArray[Any]:
            interpreter.set_tensor(given, stored)
            interpreter.invoke()
            return np.array(interpreter.get_tensor(gained)).reshape(-1)

        return infer

    return opened


def _without_delegates(kinds: Any) -> Any:
    return kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES


def _micro(files: Files) -> Infer:
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_file(str(files.tflite))

    def infer(stored: NDArray[Any]) -> NDArray[Any]:
        interpreter.set_input(stored, 0)
        interpreter.invoke()
        return np.asarray(interpreter.get_output(0)).reshape(-1)

    return infer


def _openvino(*, int8: bool) -> Callable[[Files], Infer]:
    def opened(files: Files) -> Infer:
        import openvino

        settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1}
        settings["PERFORMANCE_HINT"] = "LATENCY"  # type: ignore[assignment]
        path = files.tflite if int8 else files.plain
        request = (
            openvino.Core()
            .compile_model(str(path), "CPU", settings)
            .create_infer_request()
        )

        def infer(values: NDArray[Any]) -> NDArray[Any]:
            request.infer([values], share_inputs=True)
            return np.array(request.get_output_tensor(0).data).reshape(-1)

        return infer

    return opened


def _onnxruntime(form: str) -> Callable[[Files], Infer]:
    def opened(files: Files) -> Infer:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            str(getattr(files, form)), options, providers=["CPUExecutionProvider"]
        )
        name = session.get_inputs()[0].name

        def infer(values: NDArray[Any]) -> NDArray[Any]:
            return np.asarray(session.run(None, {name: values})[0]).reshape(-1)

        return infer

    return opened


def _torch(files: Files) -> Infer:
    import torch

    from benchmarks.peers.onnx_in_torch import OnnxNetwork

    torch.set_num_threads(1)
    network = OnnxNetwork(files.plain).eval()
    example = torch.zeros(_shape(files))
    with torch.inference_mode():
        traced = torch.jit.optimize_for_inference(torch.jit.trace(network, example))

    def infer(values: NDArray[Any]) -> NDArray[Any]:
        with torch.inference_mode():
            return np.asarray(traced(torch.from_numpy(values)).numpy().reshape(-1))

    return infer


def _executorch(files: Files) -> Infer:
    import torch
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import (
        XnnpackPartitioner,
    )
    from executorch.exir import to_edge_transform_and_lower
    from executorch.extension.pybindings.portable_lib import _unsafe_reset_threadpool
    from executorch.runtime import Runtime

    from benchmarks.peers.onnx_in_torch import OnnxNetwork

    example = (torch.zeros(_shape(files)),)
    exported = torch.export.export(OnnxNetwork(files.plain).eval(), example)
    lowered = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()])
    _unsafe_reset_threadpool(1)
    buffer = lowered.to_executorch().buffer
    program = Runtime.get().load_program(buffer)
    method = program.load_method("forward")
    # The method reads from both and holds neither: gone, it fails with error 0x10.
    kept = (buffer, program)

    def infer(values: NDArray[Any], _kept: Any = kept) -> NDArray[Any]:
        (found,) = method.execute([torch.from_numpy(values)])
        return np.asarray(found.numpy().reshape(-1))

    return infer


def _ncnn(files: Files) -> Infer:
    import ncnn
    import pnnx
    import torch

    from benchmarks.peers.onnx_in_torch import OnnxNetwork

    example = torch.zeros(_shape(files))
    script = files.plain.with_suffix(".pt")
    pnnx.export(OnnxNetwork(files.plain).eval(), str(script), (example,))
    network = ncnn.Net()
    network.opt.num_threads = 1
    network.load_param(str(script.with_suffix("")) + ".ncnn.param")
    network.load_model(str(script.with_suffix("")) + ".ncnn.bin")

    def infer(values: NDArray[Any]) -> NDArray[Any]:
        run = network.create_extractor()
        run.input("in0", ncnn.Mat(values[0]))
        return np.array(run.extract("out0")[1]).reshape(-1)

    return infer


def _shape(files: Files) -> tuple[int, ...]:
    import onnx

    (given,) = onnx.load(str(files.plain)).graph.input
    return tuple(axis.dim_value or 1 for axis in given.type.tensor_type.shape.dim)


OURS = "lesion-edge"
NOT_LOOKED_AT = "lesion-edge, photo not looked at"
"""What the others do too: decode, resize, run; no finding, and so no verdict."""
PEERS = {
    OURS: Peer("ai-edge-litert", True, _ours),
    NOT_LOOKED_AT: Peer("ai-edge-litert", True, _ours),
    "litert": Peer("ai-edge-litert", True, _litert(xnnpack=True)),
    "litert, no XNNPACK": Peer("ai-edge-litert", True, _litert(xnnpack=False)),
    "openvino, the same file": Peer("openvino", True, _openvino(int8=True)),
    "openvino, float": Peer("openvino", False, _openvino(int8=False)),
    "onnxruntime, tf2onnx int8": Peer("onnxruntime", True, _onnxruntime("quantised")),
    "onnxruntime, own int8": Peer("onnxruntime", False, _onnxruntime("own_int8")),
    "onnxruntime, float": Peer("onnxruntime", False, _onnxruntime("plain")),
    "pytorch, float": Peer("torch", False, _torch),
    "executorch, float": Peer("executorch", False, _executorch),
    "ncnn, float": Peer("ncnn", False, _ncnn),
    "tflite micro": Peer("tflite-micro", True, _micro),
}
"""By the name in the report."""
