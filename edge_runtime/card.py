"""The card: what one needs to know to use a .tflite file, and who vouches for it.

It travels inside the file (``card.json`` in the zip appended to the model), so that a
model never goes anywhere without its threshold, its preprocessing and its evidence.
``card.schema.json`` beside this module describes the same fields for other languages.
"""

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge_runtime.errors import ModelFileError

CARD_FORMAT = 1


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


@dataclass(frozen=True)
class Share:
    """A proportion with its counts and its 95 % Wilson interval."""

    value: float
    low: float
    high: float
    successes: int
    n: int


@dataclass(frozen=True)
class Threshold:
    """At or above it: investigate. Chosen on this file's own scores.

    Attributes:
        score: raw output of the model; one of the values it can take.
        stored: the same as the integer the output tensor holds; None for float32.
        probability: the same after temperature calibration.
        target_recall: the recall that was asked for.
        split: the split it was chosen on; never the test split.
        recall: reached on that split.
        specificity: reached on that split.
    """

    score: float
    stored: int | None
    probability: float
    target_recall: float
    split: str
    recall: Share
    specificity: Share


@dataclass(frozen=True)
class Uncertainty:
    """Scores from ``low_score`` up to the threshold are called uncertain.

    Attributes:
        low_score: raw output at which the band starts; equals the threshold's score
            when the band is empty.
        low_probability: the same after temperature calibration.
        rule: how the width was chosen, in words.
        share: photos of the split that fall into the band.
    """

    low_score: float
    low_probability: float
    rule: str
    share: Share


@dataclass(frozen=True)
class Comparison:
    """What conversion changed, on the split that was not trained on.

    Attributes:
        split: photos compared; n of them.
        auc_keras: of the Keras model in floating point.
        auc_file: of this file.
        malignant_lost: malignant photos at or above the Keras model's threshold (same
            target recall) that fall below this file's.
        malignant_gained: the reverse.
        benign_lost: benign photos that became false alarms.
        benign_gained: the reverse.
        largest_difference: of the two scores of one photo.
        mean_difference: mean of the absolute differences.
        distinct_scores: how many different scores the file gave.
    """

    split: str
    n: int
    auc_keras: float
    auc_file: float
    malignant_lost: int
    malignant_gained: int
    benign_lost: int
    benign_gained: int
    largest_difference: float
    mean_difference: float
    distinct_scores: int


@dataclass(frozen=True)
class Accuracy:
    """How the file does on one set of photos at its own threshold.

    Attributes:
        split: ``"val"``, ``"test"`` (all photos) or ``"test_clean"`` (without photos
            whose lesion is also in the training split).
        auc: area under the ROC curve, with its 95 % DeLong interval.
        auc_low: lower end of that interval.
        auc_high: upper end of that interval.
        recall: malignant photos at or above the threshold.
        specificity: other photos below the threshold.
        expected_calibration_error: of the calibrated probabilities.
    """

    split: str
    auc: float
    auc_low: float
    auc_high: float
    recall: Share
    specificity: Share
    expected_calibration_error: float


@dataclass(frozen=True)
class Data:
    """What the model learnt from, and on what terms it may be used."""

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

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ValueError(f"temperature must be positive; got {self.temperature}")
        if not self.uncertainty.low_score <= self.threshold.score:
            raise ValueError(
                "the uncertainty band must end at the threshold"
                f" {self.threshold.score}; it starts at {self.uncertainty.low_score}"
            )

    def to_json(self) -> str:
        """The card as JSON that a person can read and a diff can show."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "ModelCard":
        """Read a card; a missing or an unknown field is an error, not a default.

        Raises:
            ModelFileError: when the text is no card of this format.
        """
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise ModelFileError(f"the card is not JSON: {error}") from error
        if not isinstance(values, dict) or values.get("format") != CARD_FORMAT:
            got = values.get("format") if isinstance(values, dict) else type(values)
            raise ModelFileError(
                f"expected a card of format {CARD_FORMAT}, got {got}."
                " Convert the model again, or install the matching runtime."
            )
        try:
            return typing.cast("ModelCard", _build(cls, values, "card"))
        except (TypeError, ValueError) as error:
            raise ModelFileError(f"the card is inconsistent: {error}") from error


def _build(kind: Any, value: Any, where: str) -> Any:
    """``value`` from JSON as ``kind``, strictly; ``where`` names it in errors."""
    if dataclasses.is_dataclass(kind):
        return _build_dataclass(kind, value, where)
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return None if value is None else _build(parts[0], value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise TypeError(f"{where} should be a list, got {value!r}")
        return tuple(_build(parts[0], item, where) for item in value)
    if kind is float and type(value) in (int, float):
        return float(value)
    expected = dict if origin is Mapping else kind
    if type(value) is not expected:
        raise TypeError(f"{where} should be {expected.__name__}, got {value!r}")
    return value


def _build_dataclass(kind: Any, value: Any, where: str) -> Any:
    hints = typing.get_type_hints(kind)
    if not isinstance(value, dict):
        raise TypeError(f"{where} should be an object, got {value!r}")
    wrong = sorted(value.keys() ^ hints.keys())
    if wrong:
        raise TypeError(f"{where} has missing or unknown fields {wrong}")
    return kind(
        **{name: _build(hints[name], value[name], f"{where}.{name}") for name in hints}
    )
