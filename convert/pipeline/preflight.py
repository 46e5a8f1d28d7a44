"""What is found out before a conversion: what can be refused early, is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tf_keras

from convert.checks.evidence import refuse_one_class, refuse_unusable
from convert.diagnosis.not_finite import origin_in_model
from convert.errors import ConversionError
from convert.pipeline.settings import Settings
from convert.quantize.calibration_photos import calibration_photos
from convert.quantize.conversion import rebuilt
from convert.source.answers import refuse_unfit
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
        floating: the folded model.
    """

    source: Source
    settings: Settings
    photos: Sequence[LabelledPhoto]
    shown: Photos
    val: Photos
    scores: Scores
    chosen: tuple[LabelledPhoto, ...]
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
    refuse_missing_photos(photos, settings)
    size_px = settings.chosen_target.feeds_px or source.size_px
    shown = read_photos(photos_of(photos, "val"), size_px, "validation", source.slots)
    val = shown.resized(source.size_px)
    scores = keras_scores(source, val)
    bad = np.flatnonzero(~np.isfinite(scores))
    layers = not source.slots and len(bad)
    origin = origin_in_model(source, val.real[bad[:1]]) if layers else ""
    refuse_unusable(scores, "the Keras model", origin)
    refuse_reversed(source, mean_auc(val.labels, scores, val.sources))
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
        floating=rebuilt(source, val, settings.chosen_recipe),
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


def refuse_reversed(source: Source, auc: float) -> None:
    """Stop where the model calls the harmless photos malignant.

    Raises:
        ConversionError: naming the options that may be wrong.
    """
    if auc >= 0.5:
        return
    raise ConversionError(
        f"{source.network} has AUC {auc:.3f} on the validation split, worse than chance"
        f" (0.5). It was given pixels in {source.rule.range} and its output read as"
        f" {source.head.kind}. Say what it expects: --input-range 0..1, 0..255 or"
        " -1..1; and which of two units is the malignant one: --malignant-index 0 or 1"
        f" (now {source.head.malignant_index})."
    )
