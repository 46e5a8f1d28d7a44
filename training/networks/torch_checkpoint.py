"""Tensors out of a PyTorch checkpoint, without PyTorch.

Published weights often come as the files of ``torch.save`` before PyTorch 1.6: pickles
of a table of tensors, then the bytes of each. Only such a table of plain tensors is
read: a pickle can name any function, and here it may name none but those it needs.
"""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
}


def read_torch_file(path: str | Path) -> dict[str, Array]:
    """The tensors of a checkpoint by name, in PyTorch's order of axes.

    Raises:
        ValueError: when it is no such checkpoint.
    """
    try:
        with Path(path).open("rb") as file:
            return _read(file)
    # Bytes that are no pickle can fail in as many ways as a pickle has instructions.
    except Exception as error:
        raise ValueError(
            f"{path} is no table of tensors as torch.save wrote before PyTorch 1.6:"
            f" {error}"
        ) from error


def _read(file: BinaryIO) -> dict[str, Array]:
    magic_number, _protocol, system = (_Unpickler(file).load() for _ in range(3))
    if magic_number != _MAGIC_NUMBER or not system["little_endian"]:
        raise ValueError("its first numbers are another format's")
    described = _Unpickler(file).load()
    storages = {tensor.storage: tensor.dtype for tensor in described.values()}
    values = {}
    for key in _Unpickler(file).load():
        dtype = np.dtype(storages[key])
        (count,) = np.frombuffer(file.read(8), "<i8")
        values[key] = np.frombuffer(file.read(int(count) * dtype.itemsize), dtype)
    return {name: tensor.within(values) for name, tensor in described.items()}


class _Tensor:
    """Where in a storage a tensor's values lie; made by the pickle."""

    def __init__(
        self,
        storage: tuple[Any, ...],
        offset: int,
        shape: tuple[int, ...],
        steps: tuple[int, ...],
        *_: object,
    ) -> None:
        _, kind, self.storage = storage[:3]
        self.dtype = _DTYPES[kind]
        self._offset, self._shape, self._steps = offset, shape, steps

    def within(self, values: dict[str, Array]) -> Array:
        held = values[self.storage][self._offset :]
        last = sum((n - 1) * s for n, s in zip(self._shape, self._steps, strict=True))
        if min((self._offset, *self._steps)) < 0 or last >= len(held):
            raise ValueError("a tensor reaches beyond the values that are there")
        steps = [step * held.itemsize for step in self._steps]
        return np.lib.stride_tricks.as_strided(held, self._shape, steps).copy()


class _Unpickler(pickle.Unpickler):
    """Makes dictionaries and ``_Tensor``; refuses to call anything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in _DTYPES:
            return name
        raise ValueError(f"it asks for {module}.{name}, which tensors do not need")

    def persistent_load(self, pid: Any) -> Any:
        return pid
