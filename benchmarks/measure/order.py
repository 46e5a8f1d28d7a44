"""The cases of a benchmark: every file with every number of threads, shuffled."""

import dataclasses
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measure import colour_baseline
from benchmarks.measure.cases import Case
from benchmarks.measure.options import RunSettings
from benchmarks.measure.plan import split_photos
from benchmarks.results.result import BenchmarkResult, Settings
from benchmarks.text.formatting import file_name
from edge_runtime.model.file import read_model_file
from edge_runtime.photos.manifest import LabelledPhoto


def planned(
    settings: RunSettings, models: Mapping[str, Path], photos: Sequence[LabelledPhoto]
) -> dict[str, Case]:
    """Cases by the name of their result file, in an order that the seed shuffled.

    A machine that grows warm or busy during a run would else always slow down the same
    files. The baseline has one case, which is not fitted yet.
    """
    folder = settings.manifest.parent
    bare = Case(
        model=None,
        baseline=None,
        folder=str(folder.resolve()),
        photos=split_photos(photos, settings.split, folder),
        protocol=settings.protocol,
        threads=settings.threads[0],
        cpus=settings.cpus,
        sustained_secs=float(settings.sustained),
        power_csv=str(settings.power_csv) if settings.power_csv else None,
    )
    cases = {
        file_name(name, threads): dataclasses.replace(
            bare, model=str(path.resolve()), threads=threads
        )
        for name, path in models.items()
        for threads in settings.threads
    }
    if not settings.only or colour_baseline.NAME in settings.only:
        cases[colour_baseline.NAME] = bare
    names = sorted(cases)
    random.Random(settings.order_seed).shuffle(names)
    return {name: cases[name] for name in names}


def measured(path: Path, case: Case, wanted: Settings) -> bool:
    """Whether a result is there already: of the same file, measured in the same way.

    Args:
        path: of the result.
        case: what would be measured.
        wanted: what its settings would be; command and place in the order may differ.

    Raises:
        BenchmarkError: when the result cannot be read.
        EdgeRuntimeError: when the model cannot be.
    """
    if not path.exists():
        return False
    found = BenchmarkResult.read(path)
    there = found.settings
    wanted = dataclasses.replace(
        wanted,
        command=there.command,
        order_seed=there.order_seed,
        place=there.place,
    )
    return there == wanted and _model_of(case) == (
        found.measurement.subject.model_sha256,
        found.measurement.subject.threshold_score,
    )


def _model_of(case: Case) -> tuple[str | None, float | None]:
    if case.model is None:
        return None, None  # Fitting takes seconds; the baseline is measured again.
    card = read_model_file(Path(case.model)).card
    return card.model_sha256, card.threshold.score
