"""The card of a converted file, from everything that was measured on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from convert.cards.measured import measured_card
from convert.checks.evidence import Evidence
from convert.quantize.recipes import Recipe
from convert.source.answers import answers_spec
from convert.source.model import Source
from convert.source.scoring import MEAN, STD
from convert.tflite.audit import Audit
from edge_runtime.model.card import (
    Data,
    ModelCard,
    Provenance,
)
from edge_runtime.model.domain import DERMOSCOPIC, SMARTPHONE
from edge_runtime.model.interpreter import TfliteModel
from edge_runtime.model.operating_point import SplitAccuracy
from edge_runtime.photos.manifest import LabelledPhoto, photos_of

TOOLS = ("tensorflow", "tf_keras", "tensorflow-model-optimization", "keras", "numpy")
NOT_EVALUATED = {
    DERMOSCOPIC: (
        "skin tone (no labels)",
        "age, sex and body site (no labels)",
        "photos from phones without a dermatoscope",
    ),
    SMARTPHONE: (
        "skin of Fitzpatrick types 4 to 6 (too few photos)",
        "photos through a dermatoscope",
    ),
}


@dataclass(frozen=True)
class DataSet:
    """What the user says of the photos.

    Attributes:
        name: of the data set.
        terms: of the photos and so of weights learnt from them.
        domain: kind of photo.
        manifest_sha256: of the table.
        photos: its rows.
    """

    name: str
    terms: str
    manifest_sha256: str
    photos: Sequence[LabelledPhoto]
    domain: str = DERMOSCOPIC


def model_card(
    name: str,
    source: Source,
    recipe: Recipe,
    model: TfliteModel,
    model_sha256: str,
    evidence: Evidence,
    others: Sequence[SplitAccuracy],
    audit: Audit,
    data_set: DataSet,
    conversion: Mapping[str, Any],
    accepted_gates: tuple[str, ...],
) -> ModelCard:
    """Put the card together; everything on it was measured or is said by the user."""
    return measured_card(
        name=name,
        network=source.network,
        recipe=recipe.name,
        created=str(source.training.get("finished", "unknown")),
        description=describe(source, recipe, data_set.domain),
        model=model,
        model_sha256=model_sha256,
        mean=MEAN,
        std=STD,
        evidence=evidence,
        others=others,
        used=Data(
            name=data_set.name,
            manifest_sha256=data_set.manifest_sha256,
            terms=data_set.terms,
            n_train=len(photos_of(data_set.photos, "train")),
            n_val=len(photos_of(data_set.photos, "val")),
            n_test=len(photos_of(data_set.photos, "test")),
            not_evaluated=NOT_EVALUATED[data_set.domain],
        ),
        provenance=Provenance(
            source_sha256=source.sha256,
            training=_training_facts(source.training),
            conversion=conversion,
            tools={name: version(name) for name in TOOLS} | {model.name: model.version},
            parameters=source.model.count_params(),
            block_order=str(source.settings.get("block_order", "not stated")),
            quantisation=audit.quantisation,
            kernel_family=model.kernel_family,
            accepted_gates=accepted_gates,
        ),
        answers=answers_spec(model, source.questions),
        domain=data_set.domain,
    )


def describe(source: Source, recipe: Recipe, domain: str) -> str:
    """One sentence for people and for the TFLite metadata."""
    told = " and answers about it" if source.slots else ""
    return (
        f"{source.network}: scores a {domain} photo of a skin lesion{told} for"
        f" malignancy, {source.size_px} x {source.size_px} px RGB; {recipe.meaning}"
    )


def _training_facts(training: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("settings", "commit", "tools", "machine", "finished", "seconds",
            "best_epochs", "validation")  # fmt: skip
    return {name: training[name] for name in kept if name in training}
