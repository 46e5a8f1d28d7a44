"""What a kit's files are told of a model: words for the placeholders, from its card."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from convert.errors import ConversionError
from edge_runtime.model.card import ModelCard
from edge_runtime.model.evidence import headline
from edge_runtime.model.golden import FLOAT_TOLERANCE, MOST_STEPS_ACROSS_FAMILIES
from edge_runtime.photos import familiarity, quality
from edge_runtime.verdict import model_lines

_PLACEHOLDER = re.compile(r"@([A-Z_0-9]+)@")

SAME_MATHEMATICS = 1e-9
"""By which two libraries' exp and log may move a probability."""


def values_of(card: ModelCard) -> dict[str, str]:
    """Words by placeholder.

    Numbers are written with as many digits as bring back the same double, which every
    language that kits are written in reads alike.
    """
    given, gained = card.input, card.output
    is_float = gained.quantization.is_identity
    measured = headline(card.accuracy)
    return {
        "NAME": card.name,
        "NOTICE": card.notice,
        "EVIDENCE": _sentence("; ".join(model_lines(card)[1:])),
        "LICENCE": _one_line(card.licence),
        "DESCRIPTION": _one_line(card.description),
        "MODEL_SHA256": card.model_sha256,
        "SIZE_PX": str(given.size_px),
        "MEAN": _real(given.mean),
        "STD": _real(given.std),
        "INPUT_TYPE": given.dtype,
        "INPUT_SCALE": _real(given.scale),
        "INPUT_ZERO_POINT": str(given.zero_point),
        "OUTPUT_TYPE": gained.dtype,
        "OUTPUT_SCALE": _real(gained.scale),
        "OUTPUT_ZERO_POINT": str(gained.zero_point),
        "THRESHOLD_SCORE": _real(card.threshold.score),
        "THRESHOLD_PROBABILITY": _real(card.threshold.probability),
        "UNCERTAIN_FROM_SCORE": _real(card.uncertainty.low_score),
        "TEMPERATURE": _real(card.temperature),
        "RECALL": f"{measured.recall.value:.3f}",
        "SPECIFICITY": f"{measured.specificity.value:.3f}",
        "KERNEL_FAMILY": card.provenance.kernel_family,
        "ALLOWED_WITHIN_FAMILY": _real(FLOAT_TOLERANCE if is_float else 0.0),
        "ALLOWED_ACROSS_FAMILIES": _real(
            FLOAT_TOLERANCE if is_float else MOST_STEPS_ACROSS_FAMILIES
        ),
        "ALLOWED_PROBABILITY": _real(SAME_MATHEMATICS),
    }


def filled(text: str, values: Mapping[str, str], where: str) -> str:
    """A template with its placeholders replaced.

    Raises:
        ConversionError: when the template asks for a value that no card gives.

    >>> filled("size @SIZE_PX@", {"SIZE_PX": "64"}, "a template")
    'size 64'
    """
    unknown = {*_PLACEHOLDER.findall(text)} - {*values}
    if unknown:
        raise ConversionError(
            f"{where} asks for {sorted(unknown)}; known: {sorted(values)}"
        )
    return _PLACEHOLDER.sub(lambda found: values[found.group(1)], text)


def _real(value: float) -> str:
    """Never without a point or an exponent: to some languages 1 is no double."""
    return repr(float(value))


def _one_line(text: str) -> str:
    # They stand in comments and strings of five languages.
    return " ".join(re.sub(r'["\\`$@]|\*/', "", text).split())


def _sentence(text: str) -> str:
    return _one_line(text[:1].upper() + text[1:])


_LIMITS = (
    "LOOK_PX",
    "DARKEST_MEAN",
    "BRIGHTEST_MEAN",
    "LEAST_CONTRAST",
    "MOST_CLIPPED",
    "LEAST_SHARPNESS",
    "NO_SHARPNESS",
    "LEAST_SIDE_PX",
    "LEAST_STRUCTURE",
    "NO_STRUCTURE",
    "LEAST_REDDISH",
    "NO_REDDISH",
    "MOST_UNFAMILIAR",
    "FOREIGN",
)


def quality_values() -> dict[str, str]:
    """Words by placeholder; they belong to the runtime, not to a model."""
    path = Path(familiarity.__file__).with_name("familiar.json")
    fitted = json.loads(path.read_text(encoding="utf-8"))
    rows = [number for row in fitted["whitening"] for number in row]
    return {
        **{name: repr(getattr(quality, name)) for name in _LIMITS},
        "MEASURES": str(len(familiarity.MEASURES)),
        "FAMILIAR_MEAN": ", ".join(map(repr, fitted["mean"])),
        "FAMILIAR_WHITENING": ", ".join(map(repr, rows)),
    }
