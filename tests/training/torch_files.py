"""Writes what ``torch.save`` wrote before PyTorch 1.6, for tests of its reader."""

import pickle
import sys
from collections import OrderedDict
from dataclasses import dataclass, field
from types import ModuleType

import numpy as np

_HEADER = (
    0x1950A86A20F9469CFC6C,
    1001,
    {"protocol_version": 1001, "little_endian": True, "type_sizes": {}},
)


def _named(module, name, value):
    value.__module__, value.__qualname__, value.__name__ = module, name, name
    return value


def _never_called(*_):
    raise AssertionError("a reader has functions of its own")


_REBUILD = _named("torch._utils", "_rebuild_tensor_v2", _never_called)
_FLOATS = _named("torch", "FloatStorage", type("FloatStorage", (), {}))


@dataclass
class Storage:
    key: str
    values: np.ndarray


@dataclass
class Tensor:
    """A view of a storage; steps are counted in values."""

    storage: Storage
    shape: tuple[int, ...]
    steps: tuple[int, ...]
    offset: int = 0
    unused: OrderedDict = field(default_factory=OrderedDict)

    def __reduce__(self):
        where = (self.storage, self.offset, self.shape, self.steps)
        return _REBUILD, (*where, False, self.unused)


class _Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, Storage):
            return ("storage", _FLOATS, value.key, "cpu", len(value.values), None)
        return None


def write_torch_file(path, table, storages, monkeypatch, header=_HEADER):
    """Write a table of tensors; pickle wants the names it notes to exist."""
    torch, utils = ModuleType("torch"), ModuleType("torch._utils")
    torch.FloatStorage, utils._rebuild_tensor_v2 = _FLOATS, _REBUILD
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    with path.open("wb") as file:
        for part in header:
            pickle.dump(part, file, protocol=2)
        _Pickler(file, protocol=2).dump(table)
        pickle.dump([storage.key for storage in storages], file, protocol=2)
        for storage in storages:
            file.write(np.int64(len(storage.values)).tobytes())
            file.write(storage.values.astype("<f4").tobytes())
    return path


def write_arrays(path, arrays, monkeypatch):
    """Write arrays by name, each in a storage of its own."""
    table, storages = OrderedDict(), []
    for index, (name, array) in enumerate(arrays.items()):
        storage = Storage(str(index), np.ascontiguousarray(array).ravel())
        steps = tuple(
            int(np.prod(array.shape[axis + 1 :])) for axis in range(array.ndim)
        )
        table[name] = Tensor(storage, array.shape, steps)
        storages.append(storage)
    return write_torch_file(path, table, storages, monkeypatch)
