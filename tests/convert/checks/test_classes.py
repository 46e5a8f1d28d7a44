from pathlib import Path

import numpy as np
import pytest

from convert.checks.classes import class_facts, diagnoses_of, diagnosis_of
from convert.errors import ConversionError
from edge_runtime.photos.manifest import LabelledPhoto

CLASSES = ("bcc", "melanoma", "nevus")


def _photo(diagnosis, split="val"):
    columns = {} if diagnosis is None else {"diagnosis": diagnosis}
    return LabelledPhoto(Path("x.png"), False, split, "l", False, columns)


@pytest.mark.parametrize(
    ("told", "short"),
    [
        ("melanoma [histo]", "melanoma"),
        ("squamous cell carcinoma (may be Bowen) [biopsy]", "squamous cell carcinoma"),
        ("nevus", "nevus"),
        (None, ""),
    ],
)
def test_a_diagnosis_is_read_without_how_it_was_found(told, short):
    assert diagnosis_of(_photo(told)) == short


def test_names_of_classes_are_the_diagnoses_of_the_training_split():
    photos = [_photo("nevus [histo]", "train"), _photo("bcc", "train")]
    photos += [_photo("", "train"), _photo("melanoma"), _photo("bcc [histo]", "train")]
    assert diagnoses_of(photos) == ("bcc", "nevus")
    with pytest.raises(ConversionError, match=r"tells 1 of them.*--labels mel,nv"):
        diagnoses_of(photos[:1])


def test_recall_of_each_class_and_what_it_was_taken_for_are_counted():
    photos = [_photo(name) for name in ["bcc"] * 2 + ["nevus [histo]"] * 3 + ["other"]]
    guesses = [0, 2, 2, 2, 0, 1]
    facts = class_facts(np.eye(3, dtype=np.float32)[guesses], CLASSES, photos)
    assert facts == {
        "class_recall": {"bcc": "1 of 2", "nevus": "2 of 3"},
        "class_confusion": {
            "bcc": {"bcc": 1, "nevus": 1},
            "nevus": {"bcc": 1, "nevus": 2},
        },
        "class_not_told": 1,
    }


def test_nothing_is_said_where_no_photo_has_such_a_diagnosis():
    outputs = np.eye(3, dtype=np.float32)
    photos = [_photo("other"), _photo(None), _photo("")]
    assert class_facts(outputs, CLASSES, photos) == {}
