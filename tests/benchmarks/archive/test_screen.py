import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.archive import screen
from edge_runtime.classifier import LesionClassifier

ROOT = Path(__file__).resolve().parents[3]


def drawn(seed):
    generator = np.random.default_rng(seed)
    pixels = generator.normal((200, 150, 130), 12, (80, 80, 3))
    rows, columns = np.mgrid[:80, :80]
    pixels[np.hypot(rows - 40, columns - 40) < 22] *= 0.5
    encoded = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(encoded, "JPEG")
    return encoded.getvalue()


@pytest.fixture(scope="module")
def photos():
    """Encoded photos by name; one is broken."""
    made = {f"{letter}/{n}.jpg": drawn(n) for n, letter in enumerate("aabbb")}
    return made | {"b/broken.jpg": b"no picture at all"}


@pytest.fixture
def folder(photos, tmp_path):
    for name, content in photos.items():
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "photos" / "notes.txt").write_text("not a photo")
    return tmp_path / "photos"


@pytest.fixture
def screened(model_path, tmp_path):
    """Function: run the command on an archive; returns status and rows by photo."""

    def run(archive, *words, out="out"):
        place = tmp_path / out
        status = screen.main(
            [str(archive), "--model", str(model_path), "--out", str(place), *words]
        )
        return status, rows_of(place)

    return run


def rows_of(out):
    parts = sorted((out / "parts").glob("*.jsonl"))
    return [json.loads(line) for p in parts for line in p.read_text().splitlines()]


def test_every_photo_has_the_verdict_it_would_have_alone(
    screened, folder, photos, model_path, tmp_path, capsys
):
    status, rows = screened(folder, "--photos-per-shard", "2")
    assert status == 3
    assert [row["photo"] for row in rows] == sorted(photos)
    classifier = LesionClassifier.load(model_path, threads=1)
    for row in rows:
        if "error" not in row:
            alone = classifier.classify(folder / row["photo"])
            assert (row["decision"], row["probability"]) == (
                alone.decision,
                alone.probability,
            )
    (failed,) = (tmp_path / "out/failed.jsonl").read_text().splitlines()
    assert json.loads(failed)["photo"] == "b/broken.jpg"
    shown = json.loads(capsys.readouterr().out)
    assert (shown["photos"], shown["counts"]["cannot be read"]) == (6, 1)
    assert "not a medical device" in shown["notice"]


def test_a_tar_file_gives_the_same_rows(screened, folder, tmp_path):
    archive = tmp_path / "shards" / "00000.tar"
    archive.parent.mkdir()
    with tarfile.open(archive, "w") as tar:
        tar.add(folder, arcname="")
    _, plain = screened(folder, out="plain")
    status, rows = screened(archive.parent, out="tar")
    assert status == 3
    assert verdicts(rows) == verdicts(plain)


def test_a_parquet_file_gives_the_same_rows(screened, folder, photos, tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "archive.parquet"
    images = [{"bytes": content, "path": name} for name, content in photos.items()]
    parquet.write_table(arrow.table({"image": images}), path)
    _, plain = screened(folder, out="plain")
    assert verdicts(screened(path, out="parquet")[1]) == verdicts(plain)


def verdicts(rows):
    """By name, without the sentence of the error, which may name a path."""
    return {
        row["photo"].removeprefix("./"): row.get("probability", "failed")
        for row in rows
    }


def test_two_workers_write_what_one_writes(screened, folder):
    words = ("--photos-per-shard", "1")
    one = screened(folder, *words, out="one")
    two = screened(folder, *words, "--workers", "2", out="two")
    assert one == two


def test_repeating_multiplies_the_reads(screened, folder):
    _, rows = screened(folder, "--repeat", "3", "--photos-per-shard", "4")
    assert len(rows) == 18
    assert rows[:6] == rows[6:12] == rows[12:]


def test_the_summary_tells_how_memory_went(screened, folder, tmp_path):
    screened(folder, "--repeat", "30", "--photos-per-shard", "3")
    course = json.loads((tmp_path / "out/summary.json").read_text())["course"]
    assert [mark["photos"] for mark in course] == list(range(9, 181, 9))
    assert course[0]["worker_mib"] <= course[-1]["worker_mib"]
    # Both are this very process where one worker judges.
    assert course[-1]["own_mib"] >= course[-1]["worker_mib"] > 10


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_with_the_same_rows(
    screened, folder, model_path, tmp_path
):
    words = ["--repeat", "60", "--photos-per-shard", "3"]
    _, whole = screened(folder, *words, out="whole")
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "benchmarks.archive.screen", str(folder)]
    command += ["--model", str(model_path), "--out", str(out), *words]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(list(out.glob("parts/*.jsonl"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = {path: path.stat().st_mtime_ns for path in out.glob("parts/*.jsonl")}
    assert 5 <= len(done)
    status, rows = screened(folder, *words, out="killed")
    assert (status, rows) == (3, whole)
    assert {path: path.stat().st_mtime_ns for path in done} == done


def test_results_of_another_model_or_division_are_left_alone(screened, folder, capsys):
    screened(folder)
    status, _ = screened(folder, "--photos-per-shard", "3")
    assert status == 1
    assert "another archive, model" in capsys.readouterr().err


def test_an_archive_without_photos_is_an_error(screened, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert screened(tmp_path / "empty")[0] == 1
    assert "holds no photo" in capsys.readouterr().err


def test_a_broken_tar_file_is_named(screened, tmp_path, capsys):
    (tmp_path / "a.tar").write_bytes(b"x" * 2000)
    assert screened(tmp_path / "a.tar")[0] == 1
    assert "a.tar cannot be read" in capsys.readouterr().err


# Ray Data complains of its own settings, whatever we ask for.
@pytest.mark.filterwarnings("ignore::DeprecationWarning:ray", "ignore::ResourceWarning")
@pytest.mark.long
def test_a_ray_cluster_of_two_nodes_writes_the_same_rows(screened, folder, monkeypatch):
    cluster_utils = pytest.importorskip(
        "ray.cluster_utils", reason="Ray is not installed; run make test-archive"
    )
    # Ray's workers are nice; on a busy machine they would never come to work.
    monkeypatch.setenv("RAY_worker_niceness", "0")
    cluster = cluster_utils.Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1}
    )
    cluster.add_node(num_cpus=1)
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    words = ("--photos-per-shard", "1")
    try:
        spread = screened(
            folder, *words, "--engine", "ray", "--workers", "2", out="ray"
        )
    finally:
        import ray

        ray.shutdown()
        cluster.shutdown()
    assert spread == screened(folder, *words, out="plain")
