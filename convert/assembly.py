"""Every step of a conversion in order, from the Keras model to a file with its card."""

import hashlib
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras

from convert.audit import audit
from convert.blame import with_blame
from convert.calibration_set import calibration_findings, calibration_photos
from convert.conversion import (
    MEAN,
    STD,
    converted,
    file_scores,
    input_finding,
    keras_scores,
    read_photos,
    rebuilt,
    refuse_reversed,
)
from convert.described import DataSet, describe, model_card
from convert.errors import GateError
from convert.evidence import (
    Evidence,
    gather_evidence,
    refuse_one_class,
    refuse_unusable,
)
from convert.fitting import Fitted, fitted
from convert.gates import quality_findings, refuse_failed
from convert.golden import golden_npz
from convert.golden_photos import golden_pngs
from convert.metadata import Description, with_metadata
from convert.recipes import Recipe
from convert.report import report_of, tell
from convert.settings import Settings
from convert.source import Source
from edge_runtime.card import Accuracy
from edge_runtime.interpreter import TfliteModel, open_interpreter
from edge_runtime.manifest import LabelledPhoto, photos_of
from edge_runtime.metrics import roc_auc
from edge_runtime.model_file import ModelFile
from edge_runtime.operating_point import accuracy
from training.squares import labels_of

AUTHOR = "lesion-edge"


def assemble(
    source: Source, photos: Sequence[LabelledPhoto], settings: Settings
) -> ModelFile:
    """Convert and prove; the result is complete but not yet on disk.

    Raises:
        ConversionError: when a step refuses.
        GateError: when the file lost too much.
    """
    recipe = settings.chosen_recipe
    _refuse_missing_photos(photos, settings)
    # Same input, same bytes: fine-tuning depends on these, and a file holds the names
    # of its layers, which tf_keras numbers through a process.
    tf_keras.backend.clear_session()
    tf_keras.utils.set_random_seed(settings.seed)
    tf.config.experimental.enable_op_determinism()
    target = settings.chosen_target
    size_px = target.feeds_px or source.size_px
    shown = read_photos(photos_of(photos, "val"), size_px, "validation")
    # What the graph shrinks itself, the Keras model gets as Pillow shrinks it.
    val = shown.resized(source.size_px)
    keras_given = keras_scores(source, val)
    refuse_unusable(keras_given, "the Keras model")
    refuse_reversed(source, roc_auc(val.labels, keras_given))
    chosen = calibration_photos(photos, settings)
    floating = rebuilt(source, val, recipe)
    plain = converted(
        source,
        floating,
        recipe,
        photos,
        chosen,
        io=settings.io,
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        keep_float=settings.keep_float,
    )
    fit = fitted(plain, target, shown, settings.target_recall)
    expected = fit.shifted(keras_given)
    name = settings.name_of(source.network)
    content = with_metadata(
        fit.content, _description(name, source, recipe, fit, size_px, settings.terms)
    )
    found = audit(content, int8=recipe.computes_integers, kept=settings.keep_float)
    model = open_interpreter(content)
    given = file_scores(model, shown)
    evidence = gather_evidence(
        val.labels,
        expected,
        given,
        output=model.output,
        target_recall=settings.target_recall,
        at=fit.threshold,
    )
    findings = (
        input_finding(model),
        *calibration_findings(chosen, floating, source.size_px, settings.limits),
        *quality_findings(
            recipe,
            val.labels,
            expected,
            given,
            evidence.comparison,
            target_recall=settings.target_recall,
            limits=settings.limits,
        ),
    )
    tell(
        report_of(
            name,
            photos_of(photos, "val"),
            val.labels,
            expected,
            given,
            temperature=evidence.temperature,
            comparison=evidence.comparison,
            target_recall=settings.target_recall,
            findings=findings,
        ),
        settings.report,
    )
    try:
        accepted = refuse_failed(findings, settings.accept)
    except GateError as error:
        raise with_blame(error, recipe, floating, plain, val) from error
    others = _test_accuracy(photos, model, evidence, settings)
    data_set = DataSet(
        settings.data_name,
        settings.terms,
        hashlib.sha256(settings.manifest.read_bytes()).hexdigest(),
        photos,
    )
    card = model_card(
        name,
        source,
        recipe,
        model,
        hashlib.sha256(content).hexdigest(),
        evidence,
        others,
        found,
        data_set,
        {**_conversion_facts(source, settings), **fit.facts},
        accepted,
    )
    golden = golden_npz(golden_pngs(size_px), model.infer, card)
    return ModelFile(Path(f"{name}.tflite"), content, card, fit.labels, golden)


def _refuse_missing_photos(photos: Sequence[LabelledPhoto], settings: Settings) -> None:
    """Find out now rather than after minutes of fine-tuning."""
    refuse_one_class(labels_of(photos_of(photos, "val")), "val")
    if settings.measure_test:
        refuse_one_class(labels_of(photos_of(photos, "test")), "test")
        clean = photos_of(photos, "test", clean=True)
        refuse_one_class(labels_of(clean), "test_clean")


def _test_accuracy(
    photos: Sequence[LabelledPhoto],
    model: TfliteModel,
    evidence: Evidence,
    settings: Settings,
) -> tuple[Accuracy, ...]:
    """All test photos, and those whose lesion is not in train; if asked for."""
    if not settings.measure_test:
        return ()
    rows = photos_of(photos, "test")
    test = read_photos(rows, model.input_shape[1], "test")
    scores = file_scores(model, test)
    clean = np.array([not photo.lesion_in_train for photo in rows])
    return tuple(
        accuracy(
            test.labels[kept],
            scores[kept],
            evidence.threshold.score,
            temperature=evidence.temperature,
            split=split,
        )
        for split, kept in (
            ("test", np.ones(len(rows), bool)),
            ("test_clean", clean),
        )
    )


def _description(
    name: str, source: Source, recipe: Recipe, fit: Fitted, size_px: int, terms: str
) -> Description:
    return Description(
        name=name,
        description=describe(source, recipe),
        version=_version(),
        author=AUTHOR,
        licence=terms,
        size_px=size_px,
        mean=MEAN,
        std=STD,
        decided_by="the top class" if fit.threshold else "the card's threshold",
    )


def _version() -> str:
    try:
        return version("lesion-edge")
    except PackageNotFoundError:  # run from a bare checkout
        return "checkout"


def _conversion_facts(
    source: Source, settings: Settings
) -> dict[str, str | int | float]:
    facts: dict[str, str | int | float] = {
        "input_range": source.rule.range,
        "channel_order": source.rule.channel_order,
        "head": source.head.kind,
        "io": settings.io,
        "target_recall": settings.target_recall,
        "seed": settings.seed,
    }
    if settings.keep_float:
        facts["keep_float"] = ", ".join(settings.keep_float)
    if settings.chosen_recipe.trains:
        facts |= {"steps": settings.steps, "learning_rate": settings.learning_rate}
    return facts
