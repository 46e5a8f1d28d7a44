"""Every value inside a file, not only its output."""

import numpy as np
from numpy.typing import NDArray

from convert.tflite.operators import operators


class AllTensors:
    """A file whose every tensor can be read after a run."""

    def __init__(self, model: bytes) -> None:
        """Open a FlatBuffer with TFLite's own kernels; XNNPACK keeps no tensors."""
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        self.operators = operators(model)
        self._interpreter = Interpreter(
            model_content=model,
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        self._interpreter.allocate_tensors()
        (self._given,) = self._interpreter.get_input_details()
        details = self._interpreter.get_tensor_details()
        self._details = {each["name"]: each for each in details}

    def run(self, pixels: NDArray[np.uint8]) -> None:
        """Infer one photo; the stored input of integer files is the pixel itself."""
        dtype = np.dtype(self._given["dtype"])
        values = pixels[None].astype(np.float32)
        if dtype == np.float32:
            values /= 255
        elif dtype == np.int8:
            values -= 128
        self._interpreter.set_tensor(self._given["index"], values.astype(dtype))
        self._interpreter.invoke()

    def value(self, number: int) -> NDArray[np.float64]:
        """Real output of an operation, flat."""
        detail = self._details[self.operators[number].outputs[0].name]
        values = self._interpreter.get_tensor(detail["index"]).astype(np.float64)
        scale, zero = detail["quantization"]
        real = (values - zero) * scale if scale else values
        return np.asarray(real, np.float64).ravel()
