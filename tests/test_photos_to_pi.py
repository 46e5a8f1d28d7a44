"""A user's folder of mixed photos and a table of labels become a Raspberry Pi's kit.

Prints every command with its seconds, and which operating point each interface says it
uses: ``pytest -m long -s tests/test_photos_to_pi.py``.
"""

import csv
import json
import os
import random
import re
import shlex
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

from tests.edge_runtime.photos.icc import profile
from tests.mixed_photos import write_mixed

ROOT = Path(__file__).resolve().parents[1]
EACH, AT_THE_SITE = 220, 90
"""Photos of each label in the user's folder, and in the site's."""

MODEL = "models/acme-1.ptq_int8.tflite"
KIT = "kits/pi/model/acme-1.ptq_int8.tflite"
FIRST = (
    "lesion-edge prepare photos --labels photos/labels.csv"
    " --label-map mel=malignant,nv=benign --val-share 0.3 --out data/mine.csv",
    "lesion-edge train --manifest data/mine.csv --network cnn32 --epochs 10"
    " --batch-size 16 --out runs/mine",
    "lesion-edge convert runs/mine/model.keras --manifest data/mine.csv --name acme"
    " --version 1 --recipe ptq_int8 --out models",
    f"lesion-edge show {MODEL}",
    f"lesion-edge calibrate {MODEL} --photos clinic --target-recall 0.9 --accept",
    f"lesion-edge show {MODEL}",
    f"lesion-edge classify {MODEL} photos --jsonl workstation.jsonl",
    f"lesion-edge camera --source clinic/malignant --model {MODEL}",
    f"lesion-edge package {MODEL} --target pi --out kits/pi",
    "python kits/pi/self_test.py",
    f"lesion-edge package {MODEL} --target web --out kits/web --without-site",
)
ON_THE_PI = f"lesion-edge classify {KIT} photos --jsonl pi.jsonl"


@pytest.fixture
def labelled(fanconic):
    """Photos of both labels in turn, as pairs of a picture and its label."""
    with (fanconic / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    random.Random(0).shuffle(rows)
    kinds = [
        [row for row in rows if (row["label"] == "malignant") is malignant]
        for malignant in (True, False)
    ]
    return [
        (Image.open(fanconic / row["path"]).convert("RGB"), malignant)
        for pair in zip(*kinds, strict=False)
        for row, malignant in zip(pair, (True, False), strict=True)
    ]


def _run(command, folder, checkout):
    """Output and seconds of a command that has to end well."""
    name, *words = shlex.split(command)
    program = [sys.executable]
    if name == "lesion-edge":
        program += ["-m", "edge_runtime"]
    started = time.monotonic()
    done = subprocess.run(
        [*program, *words],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    output = done.stdout + done.stderr
    assert done.returncode == 0, f"{command}\n{output}"
    return output, time.monotonic() - started


def _verdicts(path):
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    kept = ("decision", "reason", "probability", "threshold", "findings")
    return {row["photo"]: [row[name] for name in kept] for row in rows}


def _in_force(output):
    """What a command says of its operating point; the file's place left out."""
    found = re.search(r"operating point: (.*?)(?: \(\S+\.json\))?$", output, re.M)
    return found[1] if found else "not said"


# Looked for, not imported: the commands are processes of their own.
@pytest.mark.skipif(find_spec("tensorflow") is None, reason="TensorFlow is absent")
@pytest.mark.long
def test_440_mixed_photos_become_a_kit_that_judges_as_the_workstation_does(
    tmp_path, labelled
):
    written = write_mixed(
        tmp_path / "photos", labelled[: 2 * EACH], profile("Display P3")
    )
    for number, (picture, malignant) in enumerate(
        labelled[2 * EACH :][: 2 * AT_THE_SITE]
    ):
        place = tmp_path / "clinic" / ("malignant" if malignant else "benign")
        place.mkdir(parents=True, exist_ok=True)
        picture.save(place / f"{number}.png")

    told = {}
    for command in FIRST:
        # ``show`` comes twice: before the calibration and after it.
        key = command if command not in told else f"{command} "
        told[key] = _run(command, tmp_path, ROOT)
    # The kit's own runtime judges, not the checkout's.
    told[ON_THE_PI] = _run(ON_THE_PI, tmp_path, tmp_path / "kits/pi/runtime")

    print(f"\n{ {form: len(paths) for form, paths in written.items()} }")
    for words, (output, seconds) in told.items():
        print(f"{seconds:7.1f} s  {words}\n           {_in_force(output)}")
    print(f"{sum(seconds for _, seconds in told.values()):7.1f} s  in all")

    assert "440 photos" in told[FIRST[0]][0]
    workstation = _verdicts(tmp_path / "workstation.jsonl")
    assert len(workstation) == 2 * EACH
    assert _verdicts(tmp_path / "pi.jsonl") == workstation
    assert "same answer as where it was made" in told["python kits/pi/self_test.py"][0]

    before, after = _in_force(told[FIRST[3]][0]), _in_force(told[f"{FIRST[5]} "][0])
    assert before.startswith("the model card's")
    assert after.startswith("this site's file")
    for command in (*FIRST[6:9], ON_THE_PI):
        assert _in_force(told[command][0]) == after, command
    assert _in_force(told[FIRST[10]][0]) == before
