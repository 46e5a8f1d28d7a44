"""A card from what was measured, whoever converted the file."""

from collections.abc import Sequence

from convert.checks.evidence import Evidence
from edge_runtime.model.answers import AnswersSpec
from edge_runtime.model.card import (
    CARD_FORMAT,
    Data,
    InputSpec,
    ModelCard,
    OutputSpec,
    Provenance,
)
from edge_runtime.model.interpreter import TfliteModel
from edge_runtime.model.operating_point import SplitAccuracy
from edge_runtime.verdict import NOTICE


def measured_card(
    *,
    name: str,
    network: str,
    recipe: str,
    created: str,
    description: str,
    model: TfliteModel,
    model_sha256: str,
    mean: float,
    std: float,
    evidence: Evidence,
    used: Data,
    provenance: Provenance,
    others: Sequence[SplitAccuracy] = (),
    answers: AnswersSpec | None = None,
    domain: str | None = None,
) -> ModelCard:
    """Put a card together.

    Args:
        name: of the file, without its ending.
        network: that the file holds.
        recipe: by which it was converted.
        created: when the network was trained, or ``"unknown"``.
        description: one sentence.
        model: the opened file, with one square RGB picture as its first input.
        model_sha256: of the file's graph.
        mean: subtracted from a pixel; real input = (pixel - mean) / std.
        std: divided by.
        evidence: threshold, temperature and figures on the validation photos.
        used: the photos that it was converted and measured with.
        provenance: where the file comes from.
        others: figures on other splits.
        answers: what the file asks beside the photo.
        domain: kind of photo it is for.
    """
    splits = (evidence.measured, *others)
    few = tuple(source for split in splits for source in split.few_malignant)
    return ModelCard(
        format=CARD_FORMAT,
        name=name,
        network=network,
        recipe=recipe,
        created=created,
        description=description,
        notice=NOTICE,
        licence=used.terms,
        model_sha256=model_sha256,
        input=InputSpec(
            size_px=model.input_shape[1],
            dtype=model.input.dtype_name,
            scale=model.input.scale,
            zero_point=model.input.zero_point,
            mean=mean,
            std=std,
        ),
        output=OutputSpec(
            dtype=model.output.dtype_name,
            scale=model.output.scale,
            zero_point=model.output.zero_point,
        ),
        temperature=evidence.temperature,
        threshold=evidence.threshold,
        uncertainty=evidence.uncertainty,
        comparison=evidence.comparison,
        accuracy=tuple(each for split in splits for each in split.accuracy),
        data=used,
        provenance=provenance,
        answers=answers,
        few_malignant=few or None,
        domain=domain,
    )
