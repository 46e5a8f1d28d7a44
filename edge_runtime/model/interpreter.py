"""Whichever TFLite interpreter is installed, behind one small class.

Only this module knows that there are several. It imports none before a model is
opened, so that programs without a model start fast.
"""

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_runtime.errors import (
    CardMismatchError,
    InterpreterMissingError,
    ModelFileError,
)
from edge_runtime.model.file import ModelFile
from edge_runtime.model.quantization import Quantization

# Smallest first. Each: module that holds the class, its distributions' names.
_INTERPRETERS = {
    "ai_edge_litert.interpreter": ("ai-edge-litert", "ai-edge-litert-nightly"),
    "tflite_runtime.interpreter": ("tflite-runtime",),
    "tensorflow.lite.python.interpreter": ("tensorflow", "tensorflow-cpu"),
}


# tflite-runtime's last wheel, 2.14, was built for numpy 1.
_NUMPY_TOO_NEW = 2


class TfliteModel:
    """An opened model; not thread-safe, as no TFLite interpreter is.

    Attributes:
        name: package of the interpreter, such as ``"ai_edge_litert"``.
        version: its version, or ``"unknown"``.
        kernel_family: ``"xnnpack"``, ``"builtin"`` or ``"unknown"``. Outputs are equal
            to the byte within a family; across them int8 scores may differ by a step.
        input: how real input is stored.
        output: how real output is stored.
        input_shape: ``(1, size, size, 3)``.
        answers: how answers about the lesion are stored; None where it takes none.
        answers_shape: ``(1, slots)``; empty where it takes none.
        threads: of the kernels.
    """

    def __init__(
        self, interpreter: Any, name: str, version: str, threads: int = 1
    ) -> None:
        """Take over an interpreter whose tensors are allocated."""
        self._interpreter = interpreter
        given, asked = _inputs(interpreter.get_input_details())
        (gained,) = interpreter.get_output_details()
        self._input_index, self._output_index = given["index"], gained["index"]
        self.name = name
        self.version = version
        self.threads = threads
        self.kernel_family = _kernel_family(interpreter)
        self.input = _quantization(given)
        self.output = _quantization(gained)
        self.input_shape = tuple(int(length) for length in given["shape"])
        self.answers = None if asked is None else _quantization(asked)
        self._answers_index = None if asked is None else asked["index"]
        self.answers_shape = () if asked is None else tuple(map(int, asked["shape"]))
        self._not_answered: NDArray[Any] | None = None

    def leave_unanswered(self, stored: NDArray[Any]) -> None:
        """Take these for the answers wherever ``infer`` is given none."""
        self._not_answered = stored

    def infer(
        self, stored: NDArray[Any], answers: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Run the model once.

        Args:
            stored: quantised input; shape ``input_shape``; dtype ``input.dtype``.
            answers: for a model that takes them; shape ``answers_shape``; dtype
                ``answers.dtype``. None: all of them are unknown.

        Returns:
            The stored outputs; shape ``(outputs,)``; a copy, which later inferences
            leave alone.
        """
        self._interpreter.set_tensor(self._input_index, stored)
        if self._answers_index is not None:
            given = self._not_answered if answers is None else answers
            if given is None:
                raise ValueError("this model takes answers too; give them, or its card")
            self._interpreter.set_tensor(self._answers_index, given)
        self._interpreter.invoke()
        return np.array(self._interpreter.get_tensor(self._output_index)).reshape(-1)


def open_interpreter(model: bytes, *, threads: int = 1) -> TfliteModel:
    """Open a FlatBuffer with the first interpreter found.

    The default delegate (XNNPACK) stays on: it is the fastest on Arm and x86, and the
    one whose results other platforms repeat to the byte.

    Args:
        model: the FlatBuffer; only bytes that ``read_model_file`` has checked.
        threads: for the kernels; small models are fastest with 1.

    Raises:
        InterpreterMissingError: when none is installed.
        ModelFileError: when the interpreter refuses the model.
    """
    if threads < 1:
        raise ValueError(f"threads must be at least 1; got {threads}")
    module, name, version = _find()
    try:
        with warnings.catch_warnings():
            # TensorFlow's copy announces that it will move to ai_edge_litert.
            warnings.filterwarnings("ignore", message=".*tf.lite.Interpreter is depr")
            interpreter = module.Interpreter(model_content=model, num_threads=threads)
        interpreter.allocate_tensors()
        return TfliteModel(interpreter, name, version, threads)
    except (ValueError, RuntimeError, SystemError, TypeError) as error:
        raise ModelFileError(
            f"{name} {version} cannot run this model: {error}. Convert it again, or"
            " install a newer interpreter."
        ) from error


def open_model_file(file: ModelFile, *, threads: int = 1) -> TfliteModel:
    """Open a checked file and compare its tensors with what its card says.

    Raises:
        InterpreterMissingError: when no interpreter is installed.
        CardMismatchError: when the tensors are not those of the card.
        ModelFileError: when the interpreter refuses the model.
    """
    model = open_interpreter(file.model, threads=threads)
    size_px, asked = file.card.input.size_px, file.card.answers
    unknown = None if asked is None else asked.stored()
    for what, found, expected in (
        ("input shape", model.input_shape, (1, size_px, size_px, 3)),
        ("input", _comparable(model.input), _comparable(file.card.input.quantization)),
        (
            "output",
            _comparable(model.output),
            _comparable(file.card.output.quantization),
        ),
        (
            "shape of answers",
            model.answers_shape,
            () if unknown is None else unknown.shape,
        ),
        (
            "answers",
            model.answers and _comparable(model.answers),
            asked and _comparable(asked.quantization),
        ),
    ):
        if found != expected:
            raise CardMismatchError(
                f"{file.path}: the card says {what} {expected}, the model has {found}."
                " Convert the model again."
            )
    if unknown is not None:
        model.leave_unanswered(unknown)
    return model


def _inputs(
    details: Sequence[Mapping[str, Any]],
) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """The photo's input, and that of answers where there is one.

    Raises:
        ValueError: when there are others.
    """
    pictures = [each for each in details if len(each["shape"]) == 4]
    others = [each for each in details if len(each["shape"]) == 2]
    if len(pictures) != 1 or len(others) > 1 or len(details) > 2:
        shapes = [list(map(int, each["shape"])) for each in details]
        raise ValueError(
            f"it takes {shapes}; expected one photo, and perhaps a row of answers"
        )
    return pictures[0], others[0] if others else None


def _find() -> tuple[Any, str, str]:
    """Module, package name and version of the first interpreter that imports."""
    problems = []
    for path, distributions in _INTERPRETERS.items():
        name = path.partition(".")[0]
        try:
            _refuse_old_build(name)
            module = importlib.import_module(path)
        # A module built for another numpy or system fails in whatever way it likes:
        # AttributeError, SystemError, OSError.
        except Exception as error:
            problems.append(f"{name}: {error}")
            continue
        return module, name, _version(name, distributions)
    raise InterpreterMissingError(
        f"no TFLite interpreter found ({'; '.join(problems)}). {_way_out()}"
    )


def found_interpreter() -> str:
    """Name and version of the interpreter that models would be opened with.

    Raises:
        InterpreterMissingError: when none can be imported, saying why.
    """
    _, name, version = _find()
    return f"{name} {version}"


def _refuse_old_build(name: str) -> None:
    """Spare the person the tracebacks that numpy prints for a module built for its 1.

    Raises:
        ImportError: saying what to do.
    """
    there = name == "tflite_runtime" and importlib.util.find_spec(name) is not None
    if there and int(np.__version__.partition(".")[0]) >= _NUMPY_TOO_NEW:
        raise ImportError(
            f"it was built for numpy 1, and numpy {np.__version__} is installed; pip"
            " install 'numpy<2' beside it"
        )


def _way_out(largest_address: int = sys.maxsize) -> str:
    """What to install; for a 32-bit Python there is no wheel of LiteRT."""
    if largest_address > 2**32:
        return "Install the small one: pip install ai-edge-litert"
    return (
        "This is a 32-bit Python, for which LiteRT has no wheel. Install a 64-bit"
        " system (Raspberry Pi 3, Zero 2 and later), or, with Python 3.11 at most and"
        " numpy below 2 (the system's python3-numpy): pip install --no-deps"
        " tflite-runtime"
    )


def _version(name: str, distributions: tuple[str, ...]) -> str:
    version_here = getattr(sys.modules.get(name), "__version__", None)
    if isinstance(version_here, str):
        return version_here
    # Here, as it takes as long to import as the rest of this package together.
    from importlib.metadata import PackageNotFoundError, version

    for distribution in distributions:
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return "unknown"


def _kernel_family(interpreter: Any) -> str:
    # No public call tells whether XNNPACK took over; on an Arm it cannot identify it
    # is skipped silently. After allocation its node is listed among the operators.
    operators = getattr(interpreter, "_get_ops_details", None)
    if operators is None:
        return "unknown"
    delegated = any(operator["op_name"] == "DELEGATE" for operator in operators())
    return "xnnpack" if delegated else "builtin"


def _quantization(details: Mapping[str, Any]) -> Quantization:
    scale, zero_point = details["quantization"]
    return Quantization(float(scale), int(zero_point), details["dtype"])


def _comparable(quantization: Quantization) -> tuple[str, np.float32, int]:
    # The file holds the scale in single precision; a card may have rounded its digits.
    return (
        quantization.dtype_name,
        np.float32(quantization.scale),
        quantization.zero_point,
    )
