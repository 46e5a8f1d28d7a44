import dataclasses
import json

import pytest

from training.fitting.checkpoint import TrainingError
from training.fitting.record import RECORD_FORMAT, TrainingRecord, file_sha256


@pytest.fixture
def record():
    return TrainingRecord(
        format=RECORD_FORMAT,
        network="cnn32",
        settings={"seed": 1},
        manifest_sha256="0" * 64,
        commit="unknown",
        tools={"keras": "3"},
        machine="none",
        finished="2025-01-01T00:00:00+00:00",
        seconds=1.5,
        n_train=3,
        n_val=2,
        parameters=94378,
        history=[[{"epoch": 1, "val_auc": 0.5}]],
        best_epochs=[1],
        validation={"auc": 0.5},
    )


def test_what_is_written_reads_back(record, tmp_path):
    record.write(tmp_path / "training.json")
    assert TrainingRecord.read(tmp_path / "training.json") == record


@pytest.mark.parametrize("change", ["missing", "unknown"])
def test_fields_that_do_not_belong_are_named(record, tmp_path, change):
    values = dataclasses.asdict(record)
    if change == "missing":
        del values["seconds"]
    else:
        values["minutes"] = 2
    path = tmp_path / "training.json"
    path.write_text(json.dumps(values))
    with pytest.raises(TrainingError, match=r"seconds|minutes"):
        TrainingRecord.read(path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b"3"])
def test_something_else_is_refused(tmp_path, content):
    path = tmp_path / "training.json"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"training\.json"):
        TrainingRecord.read(path)


def test_missing_record_is_named(tmp_path):
    with pytest.raises(TrainingError, match=r"training\.json cannot be read"):
        TrainingRecord.read(tmp_path / "training.json")


def test_hash_is_that_of_the_bytes(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    # The example of FIPS 180-2.
    assert file_sha256(path).startswith("ba7816bf8f01cfea414140de5dae2223")
