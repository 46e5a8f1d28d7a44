import os
from collections import OrderedDict

import numpy as np
import pytest

from tests.training.torch_files import Storage, Tensor, write_arrays, write_torch_file
from training.networks.torch_checkpoint import read_torch_file

NUMBERS = Storage("7", np.arange(12, dtype=np.float32))


@pytest.fixture
def write(tmp_path, monkeypatch):
    def written(table, *storages, **options):
        return write_torch_file(
            tmp_path / "made.pth", table, storages, monkeypatch, **options
        )

    return written


def test_tensors_come_with_their_names_and_values(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    arrays = {name: rng.random(shape, "f4") for name, shape in SHAPES.items()}
    read = read_torch_file(write_arrays(tmp_path / "a.pth", arrays, monkeypatch))
    assert list(read) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array)


SHAPES = {"kernel": (4, 3, 2, 2), "bias": (4,), "count": ()}


def test_two_tensors_can_share_their_values_in_any_order(write):
    table = OrderedDict(
        rows=Tensor(NUMBERS, (3, 4), (4, 1)),
        columns=Tensor(NUMBERS, (4, 3), (1, 4)),
        last=Tensor(NUMBERS, (2,), (1,), offset=10),
    )
    read = read_torch_file(write(table, NUMBERS))
    np.testing.assert_array_equal(read["columns"], read["rows"].T)
    np.testing.assert_array_equal(read["last"], [10, 11])
    read["rows"][:] = 0
    np.testing.assert_array_equal(read["last"], [10, 11])


@pytest.mark.parametrize(
    "tensor",
    [
        Tensor(NUMBERS, (13,), (1,)),
        Tensor(NUMBERS, (12,), (1,), offset=1),
        Tensor(NUMBERS, (4,), (-1,), offset=3),
        Tensor(NUMBERS, (1,), (1,), offset=-1),
    ],
    ids=["long", "late", "backwards", "before"],
)
def test_no_tensor_reads_what_is_not_its_own(write, tensor):
    path = write(OrderedDict(tensor=tensor), NUMBERS)
    with pytest.raises(ValueError, match="beyond the values that are there"):
        read_torch_file(path)


def test_a_pickle_calls_nothing_else(write, tmp_path):
    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    path = write(OrderedDict(harm=Harm()))
    with pytest.raises(ValueError, match=r"asks for posix\.mkdir"):
        read_torch_file(path)
    assert not (tmp_path / "harm").exists()


def test_another_format_is_named(write, tmp_path):
    path = write(OrderedDict(), header=(1, 2, {"little_endian": True}))
    with pytest.raises(ValueError, match="another format's"):
        read_torch_file(path)
    (tmp_path / "zip.pth").write_bytes(b"PK\x03\x04")
    with pytest.raises(ValueError, match=r"zip\.pth is no table of tensors"):
        read_torch_file(tmp_path / "zip.pth")


def test_half_a_file_is_refused(write):
    path = write(OrderedDict(rows=Tensor(NUMBERS, (3, 4), (4, 1))), NUMBERS)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match="is no table of tensors"):
        read_torch_file(path)
