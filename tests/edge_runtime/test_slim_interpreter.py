"""What docs/device/runtime.md says may be deleted from LiteRT is not missed."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SAY = """
import json, sys
from edge_runtime import LesionClassifier
import ai_edge_litert
judge = LesionClassifier.load(sys.argv[1], threads=1)
verdict = judge.classify(sys.argv[2])
print(json.dumps([list(ai_edge_litert.__path__), judge.model.kernel_family,
                  verdict.probability]))
"""


@pytest.mark.slow
def test_verdicts_are_the_same_without_it(root, model_path, classifier, tmp_path):
    package = pytest.importorskip("ai_edge_litert")
    (names,) = re.findall(
        r"&& rm -rf (.*)", (root / "docs/device/runtime.md").read_text()
    )
    slim = tmp_path / "ai_edge_litert"
    shutil.copytree(
        Path(package.__path__[0]), slim, ignore=shutil.ignore_patterns(*names.split())
    )
    removed = [name for name in names.split() if not (slim / name).exists()]
    assert removed == names.split()
    photo = root / "samples/drawn_tone3_irregular.png"
    done = subprocess.run(
        [sys.executable, "-c", SAY, model_path, photo],
        env={"PYTHONPATH": f"{tmp_path}:{root}"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    place, family, probability = json.loads(done.stdout)
    assert place == [str(slim)]
    assert family == classifier.model.kernel_family
    assert probability == classifier.classify(photo).probability
