"""What the lesion is called, learnt beside malignant or benign and then dropped.

A network that has to tell a basal cell carcinoma from a melanoma has to look at the
lesion, and so learns more from each photo than one bit. The second output is there
while training only: the saved network has one.
"""

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from edge_runtime.errors import ManifestError
from edge_runtime.photos.manifest import LabelledPhoto

COLUMN = "diagnosis"
"""The manifest's column; what stands in brackets behind a name is not read."""

CLASSES = (
    "nevus",
    "melanoma",
    "basal cell carcinoma",
    "squamous cell carcinoma",
    "actinic keratosis",
    "benign keratosis",
    "dermatofibroma",
    "vascular lesion",
)
"""The eight of ISIC 2019."""

_ALSO = {
    "seborrheic keratosis": "benign keratosis",
    "lentigo nos": "benign keratosis",
    "solar lentigo": "benign keratosis",
    "lichenoid keratosis": "benign keratosis",
}

UNKNOWN = -1
"""The class of a photo whose diagnosis is not told, or is none of ``CLASSES``."""


def diagnoses_of(photos: Sequence[LabelledPhoto]) -> NDArray[np.int64]:
    """Indices into ``CLASSES``, or ``UNKNOWN``; shape ``(n,)``.

    Raises:
        ManifestError: when no photo has a known diagnosis.
    """
    found = np.array(
        [_class_of(photo.columns.get(COLUMN, "")) for photo in photos], np.int64
    )
    if (found == UNKNOWN).all():
        raise ManifestError(
            f"no photo has a diagnosis to learn; expected a column {COLUMN!r} with"
            f" names such as {', '.join(CLASSES[:3])}"
        )
    return found


def _class_of(text: str) -> int:
    name = text.split("[")[0].split("(")[0].strip().lower()
    name = _ALSO.get(name, name)
    return CLASSES.index(name) if name in CLASSES else UNKNOWN


def with_diagnoses(model: keras.Model) -> keras.Model:
    """A model of the same layers that also gives the classes; shape ``(n, 8)``."""
    layer = keras.layers.Dense(len(CLASSES), activation="softmax", name="diagnosis")
    told = layer(model.layers[-1].input)
    return keras.Model(model.inputs, [model.outputs[0], told], name=model.name)
