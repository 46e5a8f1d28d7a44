"""The card: what one needs to know to use a .tflite file, and who vouches for it.

It travels inside the file (``card.json`` in the zip appended to the model), so that a
model never goes anywhere without its threshold, its preprocessing and its evidence.
``card.schema.json`` beside this module describes the same fields for other languages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from edge_runtime.errors import ModelFileError
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.files.strict_json import OPTIONAL, build, parse, to_json
from edge_runtime.model.answers import AnswersSpec
from edge_runtime.model.domain import DERMOSCOPIC, DOMAINS
from edge_runtime.model.evidence import (
    Accuracy,
    Comparison,
    FewMalignant,
    Share,
    Threshold,
    Uncertainty,
)
from edge_runtime.model.quantization import Quantization


@dataclass(frozen=True)
class Data:
    """What the model learnt from, and on what terms it may be used.

    Attributes:
        name: of the data set.
        manifest_sha256: of the table of photos and splits.
        terms: licence and attribution.
        n_train: photos the model learnt from.
        n_val: photos its threshold was chosen on.
        n_test: photos that played no part in making it.
        not_evaluated: what these photos cannot tell, such as ``"skin tone"``.
    """

    name: str
    manifest_sha256: str
    terms: str
    n_train: int
    n_val: int
    n_test: int
    not_evaluated: tuple[str, ...]


@dataclass(frozen=True)
class Provenance:
    """Where the file comes from; enough to make it again.

    Attributes:
        source_sha256: of the Keras file.
        training: settings of the training run, as JSON values.
        conversion: settings of the conversion, as JSON values.
        tools: name and version of each tool that shaped the file.
        parameters: number of weights of the Keras model.
        block_order: of the convolution blocks, where the network has any.
        quantisation: per tensor / per channel, by layer kind.
        kernel_family: of the interpreter that made the golden vectors.
        accepted_gates: quality gates that failed and were overridden by hand.
    """

    source_sha256: str
    training: Mapping[str, Any]
    conversion: Mapping[str, Any]
    tools: Mapping[str, str]
    parameters: int
    block_order: str
    quantisation: Mapping[str, str]
    kernel_family: str
    accepted_gates: tuple[str, ...] = ()


__all__ = [
    "CARD_FORMAT",
    "Accuracy",
    "Comparison",
    "Data",
    "FewMalignant",
    "InputSpec",
    "ModelCard",
    "OutputSpec",
    "Provenance",
    "Share",
    "Threshold",
    "Uncertainty",
]

CARD_FORMAT = 1

# Far above any network meant for a device; keeps a wrong card from asking for the
# memory of a picture that no sensor takes.
LARGEST_SIZE_PX = 2048

# Room for another library's exp and log, a thousandth of what one step of an int8
# score does to the probability near one half (1/256 at temperature 1).
PROBABILITY_TOLERANCE = 1e-6


@dataclass(frozen=True)
class InputSpec:
    """How a photo becomes the model's input tensor.

    Attributes:
        size_px: side of the square input image.
        dtype: ``"uint8"``, ``"int8"`` or ``"float32"``.
        scale: real value of one stored step; 0 for float32.
        zero_point: stored value that stands for real 0.
        mean: real input = (pixel - mean) / std, with pixels from 0 to 255.
        std: see ``mean``.
        colour_order: ``"RGB"``.
        crop: ``"centre square"``.
        resize: Pillow's name of the filter, ``"bilinear"``.
        antialias: whether the filter's support grows when shrinking (Pillow: yes).
        exif_orientation: ``"applied"`` before cropping.
    """

    size_px: int
    dtype: str
    scale: float
    zero_point: int
    mean: float
    std: float
    colour_order: str = "RGB"
    crop: str = "centre square"
    resize: str = "bilinear"
    antialias: bool = True
    exif_orientation: str = "applied"

    def __post_init__(self) -> None:
        """Refuse fields that cannot be, or contradict each other."""
        rules = (self.colour_order, self.crop, self.resize, self.exif_orientation)
        expected = ("RGB", "centre square", "bilinear", "applied")
        if rules != expected or not self.antialias:
            raise ValueError(
                f"this runtime prepares photos by {expected} with antialiasing; the"
                f" card asks for {rules} with antialias={self.antialias}"
            )
        if not 0 < self.size_px <= LARGEST_SIZE_PX:
            raise ValueError(
                f"size_px must lie in 1..{LARGEST_SIZE_PX}; got {self.size_px}"
            )
        # Refuses a type, scale or deviation that no tensor can have.
        self.quantization.store_pixels(self.mean, self.std)

    @property
    def quantization(self) -> Quantization:
        """How real input becomes the stored tensor."""
        return Quantization.named(self.dtype, self.scale, self.zero_point)


@dataclass(frozen=True)
class OutputSpec:
    """How the output tensor becomes a score in [0, 1].

    Attributes:
        dtype: ``"uint8"``, ``"int8"`` or ``"float32"``.
        scale: real value of one stored step; 0 for float32.
        zero_point: stored value that stands for real 0.
        labels: what a high score means, then what a low one means.
    """

    dtype: str
    scale: float
    zero_point: int
    labels: tuple[str, ...] = ("malignant", "other")

    def __post_init__(self) -> None:
        """Refuse fields that cannot be, or contradict each other."""
        if len(set(self.labels)) != 2 or len(self.labels) != 2:
            raise ValueError(
                "labels must be two names, for a high score and for a low one; got"
                f" {self.labels}"
            )

    @property
    def quantization(self) -> Quantization:
        """How the stored tensor becomes a real score."""
        return Quantization.named(self.dtype, self.scale, self.zero_point)


@dataclass(frozen=True)
class ModelCard:
    """A converted model's contract with whoever runs it.

    Attributes:
        format: version of this layout; readers refuse others.
        name: ``NETWORK.RECIPE``, also the file's name.
        network: such as ``"cnn64"``.
        recipe: such as ``"qat_int8"``.
        created: date of the training run's end, ISO 8601, UTC.
        description: one sentence for people.
        notice: what the model is not.
        licence: terms of the weights.
        model_sha256: of the FlatBuffer, that is the file without the appended zip.
        input: see ``InputSpec``.
        output: see ``OutputSpec``.
        temperature: probability = sigmoid(logit(score) / temperature).
        threshold: see ``Threshold``.
        uncertainty: see ``Uncertainty``.
        comparison: see ``Comparison``.
        accuracy: measured sets, the validation split first.
        data: see ``Data``.
        provenance: see ``Provenance``.
        answers: what it asks beside the photo; left out where it asks nothing.
        few_malignant: sources with too few malignant photos for an entry in
            ``accuracy``; left out where there are none.
        domain: kind of photo it is for: ``"dermoscopic"`` or ``"smartphone"``; left
            out in files from before there were others, which are dermoscopic.
    """

    format: int
    name: str
    network: str
    recipe: str
    created: str
    description: str
    notice: str
    licence: str
    model_sha256: str
    input: InputSpec
    output: OutputSpec
    temperature: float
    threshold: Threshold
    uncertainty: Uncertainty
    comparison: Comparison
    accuracy: tuple[Accuracy, ...]
    data: Data
    provenance: Provenance
    answers: AnswersSpec | None = field(default=None, metadata=OPTIONAL)
    few_malignant: tuple[FewMalignant, ...] | None = field(
        default=None, metadata=OPTIONAL
    )
    domain: str | None = field(default=None, metadata=OPTIONAL)

    def __post_init__(self) -> None:
        """Refuse fields that cannot be, or contradict each other."""
        if not self.uncertainty.low_score <= self.threshold.score:
            raise ValueError(
                "the uncertainty band must end at the threshold"
                f" {self.threshold.score}; it starts at {self.uncertainty.low_score}"
            )
        if not self.accuracy:
            raise ValueError("accuracy must have been measured on one split at least")
        _check_probability(
            self.threshold.score, self.threshold.probability, self.temperature
        )
        _check_probability(
            self.uncertainty.low_score,
            self.uncertainty.low_probability,
            self.temperature,
        )
        self._check_stored_threshold()
        if self.domain is not None and self.domain not in DOMAINS:
            raise ValueError(
                f"domain must be one of {', '.join(DOMAINS)}; got {self.domain!r}"
            )

    @property
    def photo_kind(self) -> str:
        """A key of ``domain.DOMAINS``."""
        return self.domain or DERMOSCOPIC

    def to_json(self) -> str:
        """The card as JSON that a person can read and a diff can show."""
        return to_json(self)

    @classmethod
    def from_json(cls, text: str) -> "ModelCard":
        """Read a card; a missing or an unknown field is an error, not a default.

        Raises:
            ModelFileError: when the text is no card of this format.
        """
        try:
            values = parse(text)
        except ValueError as error:
            raise ModelFileError(f"the card is not JSON: {error}") from error
        got = values.get("format") if isinstance(values, dict) else "no object"
        if got != CARD_FORMAT:
            raise ModelFileError(
                f"expected a card of format {CARD_FORMAT}, got {got}."
                " Convert the model again, or install the matching runtime."
            )
        try:
            return cast("ModelCard", build(cls, values, "card"))
        except (TypeError, ValueError) as error:
            raise ModelFileError(f"the card is inconsistent: {error}") from error

    def _check_stored_threshold(self) -> None:
        quantization, stored = self.output.quantization, self.threshold.stored
        if quantization.is_identity != (stored is None):
            raise ValueError(
                "threshold.stored is an integer for int8 and uint8 outputs, null for"
                f" float32; got {stored} for {self.output.dtype}"
            )
        if stored is None:
            return
        score = float(quantization.restore(np.array(stored)))
        if score != self.threshold.score:
            raise ValueError(
                f"the stored threshold {stored} means score {score};"
                f" threshold.score is {self.threshold.score}"
            )


def _check_probability(score: float, probability: float, temperature: float) -> None:
    expected = calibrated(score, temperature)
    if not abs(probability - expected) <= PROBABILITY_TOLERANCE:
        raise ValueError(
            f"score {score} at temperature {temperature} means probability"
            f" {expected}; the card says {probability}"
        )
