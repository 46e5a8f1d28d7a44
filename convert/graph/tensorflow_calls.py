"""TensorFlow functions called on Keras 3's symbolic tensors, kept as operations.

Code written for Keras 2 calls ``tf.nn.relu(x)`` inside a layer. Keras 3 refuses that
outside a running layer; while ``tensorflow_calls_kept`` is active it becomes an
operation of the functional model, as tf_keras does it by itself.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

_active: list[bool] = []


class TensorFlowCall(keras.Operation):  # type: ignore[misc]
    """One call of a TensorFlow function.

    Attributes:
        tensorflow_function: its name, such as ``"relu"``.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        """Keep the function."""
        super().__init__()
        self._function = function
        self.tensorflow_function = function.__name__

    def call(self, *arguments: Any, **options: Any) -> Any:
        """Run the function."""
        return self._function(*arguments, **options)


class _Dispatcher(tf.__internal__.dispatch.GlobalOpDispatcher):  # type: ignore[misc]
    def handle(self, op: Any, args: Any, kwargs: Any) -> Any:
        if not _active or not any(
            isinstance(value, keras.KerasTensor)
            for value in tf.nest.flatten([args, kwargs])
        ):
            return self.NOT_SUPPORTED
        return TensorFlowCall(op)(*args, **kwargs)


_Dispatcher().register()


@contextmanager
def tensorflow_calls_kept() -> Iterator[None]:
    """While active, TensorFlow's functions take Keras 3's symbolic tensors."""
    _active.append(True)
    try:
        yield
    finally:
        _active.pop()
