"""Models that take answers about the lesion as a second input.

They become one file with two inputs: the photo as ever, and a row of answers that is
quantised like it (docs/answers.md). Only networks of ``training/train.py --answers``
are taken, since the card has to say what each place of the row stands for.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.errors import ConversionError
from edge_runtime.model.answers import AnswersSpec, Question, slots_of
from edge_runtime.model.interpreter import TfliteModel
from edge_runtime.photos.manifest import LabelledPhoto
from training.datasets.questions import QUESTION_SETS, answer_vectors, questions_of

FEWEST_STEPS = 100
"""Between an answer that holds and one that does not, in a stored input."""


def picture_shape(shape: Any) -> Any:
    """Of a model's inputs the picture's, where the other one is a row of answers."""
    several = isinstance(shape, (list, tuple)) and all(
        isinstance(each, (list, tuple)) for each in shape
    )
    if several and len(shape) == 2 and len(shape[1]) == 2:
        return tuple(shape[0])
    return shape


def answer_slots(model: Any, path: Any) -> int:
    """How many answers a model takes beside the picture; 0 where it takes none.

    Raises:
        ConversionError: when it takes a row that is not of
        ``training/datasets/questions.py``.
    """
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, list):
        return 0
    slots = int(shape[1][1])
    known = [slots_of(questions) for questions in QUESTION_SETS.values()]
    if slots not in known:
        raise ConversionError(
            f"{path} takes a row of {slots} numbers beside the picture; expected the"
            f" {' or '.join(map(str, known))} of training.datasets.questions. Train it"
            " with training/train.py --answers."
        )
    return slots


def refuse_unfit(slots: int, recipe: str, target: str) -> None:
    """Stop before minutes of work where a file with answers cannot be made.

    Raises:
        ConversionError: saying which recipe or target can.
    """
    if not slots:
        return
    if recipe == "qat_int8":
        raise ConversionError(
            "quantisation-aware fine-tuning takes models of one picture; this one also"
            " takes answers. Give --recipe ptq_int8: int8 from the ranges of"
            " representative photos and their answers."
        )
    if target != "python":
        raise ConversionError(
            f"--target {target} feeds a photo alone, and this model also takes answers."
            " Give --target python, whose file edge_runtime and any TFLite interpreter"
            " run."
        )


def answers_of(
    photos: Sequence[LabelledPhoto], slots: int
) -> NDArray[np.float32] | None:
    """Of each photo, shape ``(n, slots)``; None for a model that takes none.

    Raises:
        ManifestError: when the manifest tells none, or what nobody asked.
    """
    return answer_vectors(photos, questions_of(slots)) if slots else None


def together(
    batches: Iterable[NDArray[np.float32]], answers: NDArray[np.float32] | None
) -> Iterator[list[NDArray[np.float32]]]:
    """What calibrates: batches of one photo, each with its row where there are rows."""
    for number, batch in enumerate(batches):
        yield [batch] if answers is None else [batch, answers[number : number + 1]]


def answers_spec(
    model: TfliteModel, questions: tuple[Question, ...]
) -> AnswersSpec | None:
    """How a finished file stores answers; None where it takes none.

    Raises:
        ConversionError: when yes and no would be stored nearly alike.
    """
    if model.answers is None:
        return None
    stored = model.answers.store(np.array([0.0, 1.0]))
    steps = float(np.diff(stored.astype(np.float64))[0])
    if not model.answers.is_identity and steps < FEWEST_STEPS:
        raise ConversionError(
            f"answers are stored in {steps:.0f} steps from no to yes, expected at least"
            f" {FEWEST_STEPS}; please report this"
        )
    return AnswersSpec(
        questions,
        model.answers.dtype_name,
        model.answers.scale,
        model.answers.zero_point,
    )
