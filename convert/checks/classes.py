"""How a model of several classes tells them apart on labelled photos.

A converted file gives the sum of the malignant classes alone, so this is told of the
Keras model.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.errors import ConversionError
from edge_runtime.photos.manifest import LabelledPhoto, photos_of

DIAGNOSIS = "diagnosis"
"""Column of a manifest; see ``training.fitting.diagnoses``, which waits for Keras."""

OF_MANIFEST = "manifest"
"""Stands for the diagnoses of the training split, where names of classes are asked."""


def diagnosis_of(photo: LabelledPhoto) -> str:
    """Without how it was confirmed, or a remark; empty where the manifest tells none.

    ``"melanoma [histo]"`` and ``"melanoma (in situ)"`` are both ``"melanoma"``.
    """
    return photo.columns.get(DIAGNOSIS, "").split("[")[0].split("(")[0].strip()


def diagnoses_of(photos: Sequence[LabelledPhoto]) -> tuple[str, ...]:
    """Those of the training split, in alphabetical order.

    So ``keras.utils.image_dataset_from_directory`` numbers the folders of classes.

    Raises:
        ConversionError: when there are fewer than two.
    """
    found = {diagnosis_of(photo) for photo in photos_of(photos, "train")} - {""}
    if len(found) < 2:
        raise ConversionError(
            f"--labels {OF_MANIFEST} takes the names of the classes from the manifest's"
            f" column {DIAGNOSIS}, and its training split tells {len(found)} of them;"
            " name them: --labels mel,nv,bcc"
        )
    return tuple(sorted(found))


def class_facts(
    outputs: NDArray[np.float32],
    classes: Sequence[str],
    photos: Sequence[LabelledPhoto],
) -> dict[str, Any]:
    """For the card: recall of each class, and what its photos were taken for.

    Args:
        outputs: of the Keras model; shape ``(n, classes)``.
        classes: their names.
        photos: the same n, of the validation split.

    Returns:
        Nothing where no photo has one of the classes as its diagnosis.
    """
    guessed = [classes[place] for place in np.asarray(outputs).argmax(1)]
    # The whole diagnosis may be the name of a class, or the short one.
    true = [
        name if (name := photo.columns.get(DIAGNOSIS, "")) in classes
        else diagnosis_of(photo)
        for photo in photos
    ]  # fmt: skip
    pairs = Counter(zip(true, guessed, strict=True))
    counts = {name: true.count(name) for name in classes if name in true}
    if not counts:
        return {}
    facts: dict[str, Any] = {
        "class_recall": {
            name: f"{pairs[name, name]} of {count}" for name, count in counts.items()
        },
        "class_confusion": {
            name: {other: pairs[name, other] for other in classes if pairs[name, other]}
            for name in counts
        },
    }
    if strangers := len(photos) - sum(counts.values()):
        facts["class_not_told"] = strangers
    return facts
