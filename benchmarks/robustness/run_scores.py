"""What a finished training run says of photos, asked of it in a process of its own.

The benchmarks import neither Keras nor the training; ``training/judge.py`` does.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import BenchmarkError
from edge_runtime.measuring.revision import CHECKOUT

_WITHOUT = "score_without_"


@dataclass(frozen=True)
class RunScores:
    """Of the photos of one split, in the manifest's order.

    Attributes:
        scores: of malignancy, in [0, 1]; shape ``(n,)``.
        features: what the last layer is given; shape ``(n, k)``.
        without: scores with an answer hidden, by the question's name, and under ``all``
            with all hidden; empty for a network of photos alone.
    """

    scores: NDArray[np.float64]
    features: NDArray[np.float64]
    without: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


def run_scores(run: Path, manifest: Path, split: str) -> RunScores:
    """Let the network of a finished run judge the photos of a split.

    Raises:
        BenchmarkError: when it cannot.
    """
    with tempfile.TemporaryDirectory() as folder:
        judged = Path(folder) / "judged.npz"
        in_fresh_process(
            "training.judge",
            [
                *(str(run), "--manifest", str(manifest)),
                *("--split", split, "--out", str(judged)),
            ],
        )
        with np.load(judged) as found:
            without = {
                name.removeprefix(_WITHOUT): found[name]
                for name in found
                if name.startswith(_WITHOUT)
            }
            return RunScores(found["score"], found["features"], without)


def in_fresh_process(
    module: str, arguments: Sequence[str], *, accepted: Collection[int] = (0,)
) -> None:
    """Run a command of this checkout; what it prints goes to standard error.

    Args:
        module: of the command.
        arguments: its words.
        accepted: exit statuses that are no failure.

    Raises:
        BenchmarkError: when it fails.
    """
    paths = os.environ.get("PYTHONPATH")
    own = str(CHECKOUT) + (os.pathsep + paths if paths else "")
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, "PYTHONPATH": own},
        stdout=sys.stderr,
        check=False,
    )
    if done.returncode not in accepted:
        raise BenchmarkError(
            f"python -m {module} {' '.join(arguments)} ended with exit code"
            f" {done.returncode}, for the reason above"
        )
