"""One candidate at a time: trained, saved, converted, and held against itself.

What the file gives is compared with what the trained model gives for pixels that are
fed here, by hand, as the candidate was trained. So a conversion that reads the input
wrongly shows, whatever the converter itself believes.
"""

import gc
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.accepted.candidates import Candidate
from convert.checks.classes import diagnoses_of, diagnosis_of
from convert.checks.gates import GATES
from convert.graph.head import (
    LOGIT,
    SHARES,
    SIGMOIDS,
    SOFTMAX,
    TANH,
    Head,
    one_output,
)
from convert.messages import in_short
from convert.source.scoring import Photos, file_scores, read_photos
from convert.to_tflite import convert
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.evaluation.metrics import roc_auc
from edge_runtime.model.file import read_model_file
from edge_runtime.model.interpreter import open_interpreter
from edge_runtime.photos.manifest import LabelledPhoto, photos_of

_BATCH = 32


@dataclass(frozen=True)
class Row:
    """What came of one conversion.

    Attributes:
        name: of the candidate.
        about: what is special of it.
        recipe: of the conversion.
        size_px: side of its pictures.
        parameters: numbers that it learnt.
        auc_keras: of the trained model, fed by hand.
        auc_file: of the file; None where none was written.
        mean_difference: of a score; None where no file was written.
        largest_difference: of a score; None where no file was written.
        size_bytes: of the file.
        seconds: that the conversion took.
        gates: that failed and were accepted.
        left_alone: layers that fine-tuning left to calibration.
        refused: why there is no file.
        commit: of the code.
    """

    name: str
    about: str
    recipe: str
    size_px: int
    parameters: int
    auc_keras: float
    auc_file: float | None
    mean_difference: float | None
    largest_difference: float | None
    size_bytes: int | None
    seconds: float
    gates: tuple[str, ...]
    left_alone: int
    refused: str
    commit: str


@dataclass(frozen=True)
class Supply:
    """What all candidates learn from and are judged by.

    Attributes:
        manifest: path of the table.
        photos: its rows.
        folder: for models and files.
        weights: folder of ImageNet weights.
        steps: of fine-tuning.
        commit: of the code, in words.
    """

    manifest: Path
    photos: Sequence[LabelledPhoto]
    folder: Path
    weights: Path
    steps: int
    commit: str


def why_not(candidate: Candidate, supply: Supply) -> str:
    """Why a candidate cannot be made here; empty where it can."""
    if candidate.weights and not (supply.weights / candidate.weights).is_file():
        return f"{supply.weights} has no {candidate.weights}"
    train = photos_of(supply.photos, "train")
    told = {diagnosis_of(photo) for photo in train} - {""}
    if candidate.kind == SHARES and len(told) < 3:
        return "the manifest tells fewer than three diagnoses"
    return ""


def judged(candidate: Candidate, recipe: str, supply: Supply) -> Row:
    """Train the candidate unless it is there, convert it and compare."""
    val = read_photos(photos_of(supply.photos, "val"), candidate.size_px, "val")
    path, scores, parameters = _trained(candidate, supply, val)
    options = {
        **_keywords(candidate.options),
        **_class_options(candidate, supply),
    }
    start = time.perf_counter()
    row = partial(
        Row,
        name=candidate.name,
        about=candidate.about,
        recipe=recipe,
        size_px=candidate.size_px,
        parameters=parameters,
        auc_keras=roc_auc(val.labels, scores),
        commit=supply.commit,
    )
    try:
        written = convert(
            path,
            manifest=supply.manifest,
            recipe=recipe,
            out=supply.folder / "files",
            steps=supply.steps,
            accept=[*GATES],
            overwrite=True,
            **options,
        )
    except EdgeRuntimeError as error:
        return row(
            auc_file=None, mean_difference=None, largest_difference=None,
            size_bytes=None, seconds=time.perf_counter() - start, gates=(),
            left_alone=0, refused=in_short(str(error)),
        )  # fmt: skip
    seconds = time.perf_counter() - start
    file = read_model_file(written)
    given = file_scores(open_interpreter(file.model), val)
    difference = np.abs(given - scores)
    facts = file.card.provenance
    return row(
        auc_file=roc_auc(val.labels, given),
        mean_difference=float(difference.mean()),
        largest_difference=float(difference.max()),
        size_bytes=written.stat().st_size,
        seconds=seconds,
        gates=tuple(facts.accepted_gates),
        left_alone=len(facts.conversion.get("only_calibrated", ())),
        refused="",
    )


def as_json(row: Row) -> dict[str, Any]:
    """For the file of rows."""
    return asdict(row)


def from_json(values: Mapping[str, Any]) -> Row:
    """See ``as_json``."""
    return Row(**{**values, "gates": tuple(values["gates"])})


def _trained(
    candidate: Candidate, supply: Supply, val: Photos
) -> tuple[Path, NDArray[np.float64], int]:
    """The saved model, its scores on ``val``, and its number of parameters."""
    folder = supply.folder / "models"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{candidate.name}{candidate.suffix}"
    kept = folder / f"{candidate.name}.scores.npz"
    if path.exists() and kept.exists():
        with np.load(kept) as arrays:
            return path, arrays["scores"], int(arrays["parameters"])
    model = _fitted(candidate, supply)
    outputs = [
        np.asarray(one_output(model(candidate.rule.adapt(part), training=False)))
        for part in np.array_split(val.real, range(_BATCH, len(val.real), _BATCH))
    ]
    scores = _head(candidate, supply).probability(np.concatenate(outputs))
    parameters = int(model.count_params())
    _save(candidate, model, path)
    np.savez(kept, scores=scores, parameters=parameters)
    gc.collect()
    return path, scores, parameters


def _fitted(candidate: Candidate, supply: Supply) -> Any:
    framework = candidate.framework
    framework.utils.set_random_seed(0)
    framework.mixed_precision.set_global_policy(candidate.policy)
    train = photos_of(supply.photos, "train")
    shown = read_photos(train, candidate.size_px, "train")
    classes = diagnoses_of(supply.photos) if candidate.kind == SHARES else ()
    named = (
        {"weights": str(supply.weights / candidate.weights)}
        if candidate.weights
        else {}
    )
    try:
        build: Any = candidate.build
        model = build(framework, candidate.size_px, len(classes), **named)
        loss = (
            framework.losses.BinaryCrossentropy(from_logits=True)
            if candidate.kind == LOGIT
            else _LOSSES.get(candidate.kind, "binary_crossentropy")
        )
        model.compile(framework.optimizers.Adam(1e-3), loss)
        pixels = np.asarray(candidate.rule.adapt(shown.real), np.float32)
        wanted = _targets(candidate.kind, shown.labels, train, classes)
        model.fit(pixels, wanted, batch_size=_BATCH, epochs=candidate.epochs, verbose=0)
    finally:
        framework.mixed_precision.set_global_policy("float32")
    return model


_LOSSES = {
    SOFTMAX: "sparse_categorical_crossentropy",
    SHARES: "sparse_categorical_crossentropy",
    TANH: "mse",
    "one linear unit from 0 to 1": "mse",
}


def _targets(
    kind: str,
    labels: NDArray[np.int64],
    photos: Sequence[LabelledPhoto],
    classes: Sequence[str],
) -> NDArray[np.float32]:
    if kind == SHARES:
        # Photos without a diagnosis count as the first.
        places = {name: place for place, name in enumerate(classes)}
        labels = np.array([places.get(diagnosis_of(photo), 0) for photo in photos])
    elif kind == SIGMOIDS:
        labels = np.eye(2, dtype=np.int64)[labels]
    elif kind == TANH:
        labels = 2 * labels - 1
    return labels.astype(np.float32)


def _head(candidate: Candidate, supply: Supply) -> Head:
    if candidate.kind != SHARES:
        return Head(candidate.kind)
    names = diagnoses_of(supply.photos)
    malignant = _malignant(supply.photos)
    places = tuple(place for place, name in enumerate(names) if name in malignant)
    return Head(SHARES, malignant=places)


def _malignant(photos: Sequence[LabelledPhoto]) -> tuple[str, ...]:
    """Diagnoses whose photos are mostly labelled malignant."""
    train = photos_of(photos, "train")
    found = []
    for name in diagnoses_of(photos):
        labels = [photo.malignant for photo in train if diagnosis_of(photo) == name]
        if 2 * sum(labels) > len(labels):
            found.append(name)
    return tuple(found)


def _class_options(candidate: Candidate, supply: Supply) -> dict[str, Any]:
    if candidate.kind != SHARES:
        return {}
    return {
        "labels": ",".join(diagnoses_of(supply.photos)),
        "malignant_classes": ",".join(_malignant(supply.photos)),
    }


def _keywords(words: Sequence[str]) -> dict[str, Any]:
    """``--input-range 0..1`` as ``{"input_range": "0..1"}``."""
    pairs = zip(words[::2], words[1::2], strict=True)
    return {option[2:].replace("-", "_"): value for option, value in pairs}


def _save(candidate: Candidate, model: Any, path: Path) -> None:
    if candidate.suffix:
        model.save(path)
    elif candidate.framework.__name__ == "keras":
        model.export(path, verbose=False)
    else:
        model.save(path, save_format="tf")
