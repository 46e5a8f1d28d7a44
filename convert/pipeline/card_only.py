"""A card for a ``.tflite`` file that somebody else converted (``--card-only``).

The file is measured as it is: there is no Keras model to compare it with, and the card
says so. Of two outputs the malignant one is cut out, so that one threshold decides.
"""

import hashlib
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from convert.cards.golden import golden_npz
from convert.cards.golden_pictures import golden_pngs
from convert.cards.measured import measured_card
from convert.checks.evidence import Evidence, gather_evidence, refuse_one_class
from convert.errors import ConversionError, GateError
from convert.graph.head import Head
from convert.graph.input_rule import InputRule
from convert.pipeline.settings import Settings
from convert.source.input_evidence import Trial, clear_winner
from convert.source.input_evidence import table as tried
from convert.source.model import ASKED
from convert.targets.one_output import with_one_output, without_zip
from convert.tflite.audit import audit
from convert.tflite.metadata import Description, with_metadata
from convert.tflite.operators import operators
from edge_runtime.model.card import (
    Data,
    Provenance,
)
from edge_runtime.model.evidence import Comparison
from edge_runtime.model.file import ModelFile
from edge_runtime.model.interpreter import TfliteModel, open_interpreter
from edge_runtime.photos.manifest import (
    LabelledPhoto,
    photos_of,
    read_manifest,
    sources_of,
)
from edge_runtime.photos.preprocessing import load_pixels
from edge_runtime.verdict import NOTICE

RECIPE = "as_given"
MEAN_STD = {"0..1": (0.0, 255.0), "0..255": (0.0, 1.0), "-1..1": (127.5, 127.5)}
"""What ``--input-range`` means: real input = (pixel - mean) / std."""

FEWEST_LEVELS = 100
"""Of 256 pixel levels, how many must stay different in a stored input. A range that is
wrong by 255 leaves 2; -1..1 with zero point 0 rounds half levels in pairs: 129."""


def carded(path: Path, settings: Settings) -> ModelFile:
    """Measure a file on the validation photos and write its card.

    Args:
        path: the user's ``.tflite`` file.
        settings: its manifest, input range, malignant index and terms are used.

    Raises:
        ConversionError: when the file, or what it gives, is not that of a classifier.
        GateError: when its scores or its input range are unusable.
    """
    content = path.read_bytes() if path.is_file() else None
    if content is None:
        raise ConversionError(f"the model {path} cannot be read: no such file")
    if settings.channel_order == "bgr" or settings.input_mean or settings.input_std:
        raise ConversionError(
            "--card-only takes files that expect RGB in one --input-range, without"
            " --input-mean, --input-std and --channel-order bgr; convert the Keras"
            " model itself"
        )
    index = 1 if settings.malignant_index is None else settings.malignant_index
    model = with_one_output(without_zip(content), index)
    size_px = _size_px(open_interpreter(model), path)
    found = _range(model, size_px, settings)
    mean, std = MEAN_STD[found.rule.range]
    name = f"{settings.first_name(path.stem)}.{RECIPE}"
    text = f"{path.stem}: a file of another converter, measured as it is; {NOTICE}"
    model = with_metadata(
        model,
        Description(
            name, text, "unknown", "unknown", settings.terms, size_px, mean, std
        ),
    )
    opened = open_interpreter(model)
    _refuse_other_range(opened, mean, std)
    photos = read_manifest(settings.manifest)
    evidence = _evidence(opened, photos, size_px, mean, std, settings)
    card = measured_card(
        name=name,
        network=path.stem,
        recipe=RECIPE,
        created="unknown",
        description=text,
        model=opened,
        model_sha256=hashlib.sha256(model).hexdigest(),
        mean=mean,
        std=std,
        evidence=evidence,
        used=_photos_used(photos, settings),
        provenance=_provenance(content, model, opened, settings, found),
        domain=settings.domain,
    )
    golden = golden_npz(golden_pngs(size_px), opened.infer, card)
    return ModelFile(Path(f"{name}.tflite"), model, card, ("malignant",), golden)


def _size_px(model: TfliteModel, path: Path) -> int:
    shape = model.input_shape
    if len(shape) != 4 or shape != (1, shape[1], shape[1], 3):
        raise ConversionError(f"{path} takes {shape}; expected (1, size, size, 3), RGB")
    return shape[1]


@dataclass(frozen=True)
class FoundRange:
    """A range, and how it is known.

    Attributes:
        rule: with that range, red first.
        how: in words, for the card.
    """

    rule: InputRule
    how: str


def _range(model: bytes, size_px: int, settings: Settings) -> FoundRange:
    """The range that is asked for, that an integer input allows, or that photos show.

    Raises:
        ConversionError: when nothing tells it; with the table of what was tried.
    """
    if settings.input_range:
        return FoundRange(InputRule(settings.input_range), ASKED)
    opened = open_interpreter(model)
    if not opened.input.is_identity:
        levels = {
            word: len(np.unique(opened.input.store_pixels(mean, std)))
            for word, (mean, std) in MEAN_STD.items()
        }
        # The range that an input was quantised for keeps the most levels apart.
        word = max(levels, key=lambda each: levels[each])
        how = f"read from the file: its input has scale {opened.input.scale:g}"
        return FoundRange(InputRule(word), how)
    val = photos_of(read_manifest(settings.manifest), "val")
    labels = np.array([int(photo.malignant) for photo in val])
    refuse_one_class(labels, "val")
    squares = [load_pixels(photo.path, size_px) for photo in val]
    trials = []
    for word in MEAN_STD:
        table_of_pixels = opened.input.store_pixels(*MEAN_STD[word])
        scores = np.array([_score(opened, table_of_pixels[each]) for each in squares])
        if not (np.isfinite(scores).all() and 0 <= scores.min() <= scores.max() <= 1):
            return FoundRange(InputRule("0..1"), "not known")  # refused in a moment
        trials.append(Trial(InputRule(word), Head(), labels, scores))
    turned = [replace(x, head=Head().reversed, scores=1 - x.scores) for x in trials]
    winner = clear_winner([*trials, *turned])
    if winner is None:
        raise ConversionError(
            "the file does not tell which pixels it expects, and the validation photos"
            f" do not decide it:\n{tried(trials)}\nGive --input-range."
        )
    if winner in turned:
        # Its scores are turned round; the AUC below one half says so next.
        return FoundRange(winner.rule, "not known")
    print(f"input: pixels in {winner.rule.range}; {winner.figures}", file=sys.stderr)
    how = f"tried on {labels.size} validation photos: {winner.figures}"
    return FoundRange(winner.rule, how)


def _refuse_other_range(model: TfliteModel, mean: float, std: float) -> None:
    levels = len(np.unique(model.input.store_pixels(mean, std)))
    if levels < FEWEST_LEVELS:
        raise GateError(
            f"256 pixel levels become only {levels} stored ones: --input-range is not"
            f" the one that this file was made for (its scale is {model.input.scale:g},"
            f" its zero point {model.input.zero_point}). Name another."
        )


def _evidence(
    model: TfliteModel,
    photos: tuple[LabelledPhoto, ...],
    size_px: int,
    mean: float,
    std: float,
    settings: Settings,
) -> Evidence:
    val = photos_of(photos, "val")
    labels = np.array([int(photo.malignant) for photo in val])
    refuse_one_class(labels, "val")
    table = model.input.store_pixels(mean, std)
    scores = np.array(
        [
            _score(model, table[load_pixels(photo.path, size_px)])
            for photo in tqdm(val, desc="validation", unit="photo", disable=None)
        ]
    )
    if scores.min() < 0 or scores.max() > 1:
        raise ConversionError(
            f"the model gives {scores.min():.3g} to {scores.max():.3g}; expected"
            " probabilities. Put a sigmoid behind its last layer and convert it again."
        )
    evidence = gather_evidence(
        labels,
        scores,
        scores,
        output=model.output,
        target_recall=settings.target_recall,
        sources=sources_of(val),
    )
    auc = evidence.comparison.auc_file
    if auc < 0.5:
        raise ConversionError(
            f"the file has AUC {auc:.3f} on the validation split, worse than chance."
            " Say what it expects: --input-range; and which of two units is the"
            f" malignant one: --malignant-index (now {settings.malignant_index})."
        )
    fewest, found = settings.limits.distinct_scores, evidence.comparison.distinct_scores
    if found < fewest and "distinct-scores" not in settings.accept:
        raise GateError(
            f"the file gives only {found} different scores, too few to put a threshold"
            f" on (at least {fewest}). --accept distinct-scores overrides."
        )
    nothing = Comparison("not compared", 0, auc, auc, 0, 0, 0, 0, 0.0, 0.0, found)
    return replace(evidence, comparison=nothing)


def _score(model: TfliteModel, stored: NDArray[np.generic]) -> float:
    return float(model.output.restore(model.infer(stored[np.newaxis]))[0])


def _photos_used(photos: tuple[LabelledPhoto, ...], settings: Settings) -> Data:
    manifest = hashlib.sha256(settings.manifest.read_bytes()).hexdigest()
    # What the model learnt from is not known here, so no photo counts as such.
    return Data(
        name=settings.data_name,
        manifest_sha256=manifest,
        terms=settings.terms,
        n_train=0,
        n_val=len(photos_of(photos, "val")),
        n_test=len(photos_of(photos, "test")),
        not_evaluated=(
            "what the model learnt from, perhaps these photos",
            "skin tone (no labels)",
        ),
    )


def _provenance(
    given: bytes,
    model: bytes,
    opened: TfliteModel,
    settings: Settings,
    found: FoundRange,
) -> Provenance:
    weights = {
        tensor.buffer: int(np.prod(tensor.shape))
        for operator in operators(model)
        for tensor in operator.inputs[1:]
        if tensor.constant_bytes
    }
    return Provenance(
        source_sha256=hashlib.sha256(given).hexdigest(),
        training={},
        conversion={
            "card_only": True,
            "input_range": found.rule.range,
            "input_found": found.how,
            "malignant_index": 1
            if settings.malignant_index is None
            else settings.malignant_index,
            "target_recall": settings.target_recall,
        },
        tools={opened.name: opened.version, "numpy": np.__version__},
        parameters=sum(weights.values()),
        block_order="not stated",
        quantisation=audit(model, int8=False).quantisation,
        kernel_family=opened.kernel_family,
        accepted_gates=tuple(settings.accept),
    )
