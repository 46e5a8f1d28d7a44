"""What a fresh process is asked to measure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.measure.colour_baseline import ColourBaseline
from edge_runtime.measuring.latency import Protocol

Tell = Callable[[str, int, int], None]
"""Called with the stage, how many photos are done, and how many there are."""


@dataclass(frozen=True)
class CasePhoto:
    """A photo of the split that was not judged yet; fields as in ``PhotoScore``.

    ``columns`` are the manifest's other ones, where a model may find answers about the
    lesion.
    """

    photo: str
    malignant: bool
    lesion: str
    lesion_in_train: bool
    columns: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    origin: str | None = None


@dataclass(frozen=True)
class Case:
    """What to measure and how.

    Attributes:
        model: path of a model file; None for the colour-only baseline.
        baseline: the fitted baseline; None for a model file.
        folder: the photos' paths are relative to it.
        photos: all photos of the split.
        protocol: how often inferences and photos are timed.
        threads: of the interpreter.
        cpus: cores to stay on; None: any.
        sustained_secs: how long to work without a pause afterwards; 0: not at all.
        power_csv: a file that a power meter writes meanwhile; None without one.
    """

    model: str | None
    baseline: ColourBaseline | None
    folder: str
    photos: tuple[CasePhoto, ...]
    protocol: Protocol
    threads: int
    cpus: tuple[int, ...] | None
    sustained_secs: float
    power_csv: str | None
