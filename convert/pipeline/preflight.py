"""What is found out before a conversion: what can be refused early, is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tf_keras

from convert.checks.evidence import KERAS, refuse_one_class, refuse_unusable
from convert.checks.gates import Finding, few_photos_finding, refuse_failed
from convert.diagnosis.not_finite import origin_in_model
from convert.errors import ConversionError
from convert.pipeline.settings import Settings
from convert.quantize.calibration_photos import calibration_photos
from convert.quantize.conversion import rebuilt, refuse_unquantisable
from convert.source.answers import refuse_unfit
from convert.source.input_decision import settled
from convert.source.model import Source
from convert.source.opaque_model import Whole
from convert.source.scoring import Photos, keras_scores, read_photos
from edge_runtime.evaluation.metrics import Scores
from edge_runtime.evaluation.sources import mean_auc
from edge_runtime.photos.manifest import LabelledPhoto, photos_of
from training.fitting.batches import labels_of


@dataclass(frozen=True)
class Case:
    """A model that can be converted, and all that the conversion is judged by.

    Attributes:
        source: the Keras model.
        settings: what is asked for.
        photos: the whole manifest.
        shown: validation photos as the target feeds them.
        val: the same as the Keras model takes them; what the graph shrinks itself, the
            Keras model gets as Pillow shrinks it.
        scores: of the Keras model on ``val``.
        chosen: photos that show value ranges; none for float files.
        enough: what the gate ``few-photos`` saw.
        floating: the folded model.
    """

    source: Source
    settings: Settings
    photos: Sequence[LabelledPhoto]
    shown: Photos
    val: Photos
    scores: Scores
    chosen: tuple[LabelledPhoto, ...]
    enough: tuple[Finding, ...]
    floating: tf_keras.Model | Whole

    @property
    def name(self) -> str:
        """Of the file to be."""
        return self.settings.name_of(self.source.network)


def examined(
    source: Source, photos: Sequence[LabelledPhoto], settings: Settings
) -> Case:
    """Refuse what must fail, score the Keras model and fold it.

    Raises:
        ConversionError: when the model or the photos do not fit.
        GateError: when the model gives no numbers, or calibration photos also judge.
    """
    refuse_unfit(source.slots, settings.recipe, settings.target)
    refuse_sum_of_classes(source, settings)
    refuse_missing_photos(photos, settings)
    enough = refuse_few_photos(photos, settings)
    if settings.chosen_recipe.trains:
        refuse_unquantisable(source, settings.keep_float)
    size_px = settings.chosen_target.feeds_px or source.size_px
    shown = read_photos(photos_of(photos, "val"), size_px, "validation", source.slots)
    val = shown.resized(source.size_px)
    source = settled(source, val, settings)
    scores = keras_scores(source, val)
    bad = np.flatnonzero(~np.isfinite(scores))
    layers = not source.slots and len(bad)
    origin = origin_in_model(source, val.real[bad[:1]]) if layers else ""
    refuse_unusable(scores, KERAS, origin)
    refuse_chance(source, mean_auc(val.labels, scores, val.sources))
    return Case(
        source=source,
        settings=settings,
        photos=photos,
        shown=shown,
        val=val,
        scores=scores,
        chosen=calibration_photos(photos, settings.calibration, seed=settings.seed)
        if settings.chosen_recipe.computes_integers
        else (),
        enough=enough,
        floating=rebuilt(source, val, settings.chosen_recipe),
    )


def refuse_sum_of_classes(source: Source, settings: Settings) -> None:
    """Stop where the target's two classes would need a sigmoid that is not there.

    Raises:
        ConversionError: saying which targets can.
    """
    if source.head.malignant and settings.chosen_target.two_classes:
        raise ConversionError(
            f"--target {settings.target} needs a file of two classes, and a sum of"
            " several classes has no logit to shift. Give --target python, web,"
            " flutter, react-native or microcontroller."
        )


def refuse_missing_photos(photos: Sequence[LabelledPhoto], settings: Settings) -> None:
    """Find out now rather than after minutes of fine-tuning.

    Raises:
        ConversionError: naming the split that lacks a class.
    """
    refuse_one_class(labels_of(photos_of(photos, "val")), "val")
    if settings.measure_test:
        refuse_one_class(labels_of(photos_of(photos, "test")), "test")
        clean = photos_of(photos, "test", clean=True)
        refuse_one_class(labels_of(clean), "test_clean")


def refuse_few_photos(
    photos: Sequence[LabelledPhoto], settings: Settings
) -> tuple[Finding, ...]:
    """The finding of the gate ``few-photos``, for the card where it was accepted.

    Raises:
        GateError: when the validation split cannot carry a threshold.
    """
    val = photos_of(photos, "val")
    malignant, other = (
        len({photo.lesion for photo in val if photo.malignant == wanted})
        for wanted in (True, False)
    )
    finding = few_photos_finding(malignant, other, settings.target_recall)
    refuse_failed((finding,), settings.accept)
    return (finding,)


def refuse_chance(source: Source, auc: float) -> None:
    """Stop where the model tells nothing about the validation photos.

    Raises:
        ConversionError: naming how it was fed and read.
    """
    if auc >= 0.5:
        return
    raise ConversionError(
        f"{source.network} has AUC {auc:.3f} on the validation split, worse than chance"
        f" (0.5). It was given pixels in {source.rule.options} ({source.rule_found})"
        f" and its output read as {source.head.kind}, --malignant-index"
        f" {source.head.malignant_index}. Is it the right model, and are the manifest's"
        " labels right?"
    )
