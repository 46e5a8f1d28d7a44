"""Many photos through one model: side by side, in order, each exactly once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import PhotoError
from edge_runtime.verdict import Verdict

if TYPE_CHECKING:
    from concurrent.futures import Future

# Photos that each worker may be ahead of the one whose turn it is.
_AHEAD = 4


@dataclass(frozen=True)
class Outcome:
    """What became of one photo: a verdict, or the reason why there is none.

    Attributes:
        photo: as the person named it.
        verdict: None where the photo cannot be read.
        error: None where there is a verdict.
    """

    photo: Path
    verdict: Verdict | None
    error: str | None

    def to_json(self) -> dict[str, Any]:
        """The verdict as JSON values, or an object of type ``error`` in its place."""
        if self.verdict is not None:
            return self.verdict.to_json()
        return {"type": "error", "photo": str(self.photo), "error": self.error}


def judged(
    classifier: LesionClassifier, photos: Iterable[Path], workers: int
) -> Iterator[Outcome]:
    """Outcomes in the order of the photos.

    Workers are threads: Pillow decodes without Python's lock, and the interpreter,
    which takes one photo at a time, is the smaller part of the work.

    Args:
        classifier: serves all workers.
        photos: taken one by one, a few ahead of the outcomes.
        workers: at least 1.
    """
    if workers == 1:
        yield from (outcome(classifier.classify, photo) for photo in photos)
        return
    # Here, as a single photo has to wait for the import too.
    from concurrent.futures import ThreadPoolExecutor

    waiting: deque[Future[Outcome]] = deque()
    with ThreadPoolExecutor(workers, "photo") as pool:
        try:
            for photo in photos:
                waiting.append(pool.submit(outcome, classifier.classify, photo))
                if len(waiting) > _AHEAD * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            # Interrupted: what has not begun need not be done.
            for future in waiting:
                future.cancel()


def outcome(classify: Callable[[Path], Verdict], photo: Path) -> Outcome:
    """Judge one photo, or say why not."""
    try:
        return Outcome(photo, classify(photo), None)
    except PhotoError as error:
        return Outcome(photo, None, str(error))
