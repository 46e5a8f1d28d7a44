"""Every step of a conversion in order, from the Keras model to a file with its card."""

import hashlib
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import tensorflow as tf
import tf_keras

from convert.cards.building import DataSet, describe, model_card
from convert.cards.golden import golden_npz
from convert.cards.golden_pictures import golden_pngs
from convert.checks.classes import class_facts
from convert.checks.gates import refuse_failed
from convert.checks.report import report_of, tell
from convert.diagnosis.worst_layer import with_blame
from convert.errors import GateError
from convert.pipeline.measurement import Measured, measured, on_test
from convert.pipeline.preflight import Case, examined
from convert.pipeline.settings import Settings
from convert.quantize.conversion import converted
from convert.quantize.qat import only_calibrated
from convert.source.model import Source
from convert.source.scoring import MEAN, STD
from convert.targets.fitting import Fitted, fitted
from convert.tflite.metadata import Description, place_of_answers, with_metadata
from edge_runtime.model.file import ModelFile
from edge_runtime.photos.manifest import LabelledPhoto, photos_of

AUTHOR = "lesion-edge"


def assemble(
    source: Source, photos: Sequence[LabelledPhoto], settings: Settings
) -> ModelFile:
    """Convert and prove; the result is complete but not yet on disk.

    Raises:
        ConversionError: when a step refuses.
        GateError: when the file lost too much.
    """
    _start_anew(settings.seed)
    case = examined(source, photos, settings)
    plain = converted(
        source,
        case.floating,
        settings.chosen_recipe,
        photos,
        case.chosen,
        io=settings.io,
        tuning=settings.tuning,
    )
    fit = fitted(plain, settings.chosen_target, case.shown, settings.target_recall)
    made = measured(case, fit, with_metadata(fit.content, _description(case, fit)))
    return _packed(case, fit, made, _accepted(case, made, plain))


def _start_anew(seed: int) -> None:
    """Same input, same bytes.

    Fine-tuning depends on these, and a file holds the names of its layers, which
    tf_keras numbers through a process.
    """
    tf_keras.backend.clear_session()
    tf_keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def _accepted(case: Case, made: Measured, plain: bytes) -> tuple[str, ...]:
    """Report what changed; the gates that failed and were accepted."""
    settings, rows = case.settings, photos_of(case.photos, "val")
    report = report_of(
        case.name,
        rows,
        case.val.labels,
        made.expected,
        made.given,
        temperature=made.evidence.temperature,
        comparison=made.evidence.comparison,
        target_recall=settings.target_recall,
        findings=made.findings,
    )
    tell(report, settings.report)
    try:
        return refuse_failed(made.findings, settings.accept)
    except GateError as error:
        raise with_blame(
            error, settings.chosen_recipe, case.floating, plain, case.val
        ) from error


def _packed(
    case: Case, fit: Fitted, made: Measured, accepted: tuple[str, ...]
) -> ModelFile:
    """The file with its card, labels and golden vectors."""
    settings = case.settings
    data_set = DataSet(
        settings.data_name,
        settings.terms,
        hashlib.sha256(settings.manifest.read_bytes()).hexdigest(),
        case.photos,
        settings.domain,
    )
    card = model_card(
        case.name,
        case.source,
        settings.chosen_recipe,
        made.model,
        hashlib.sha256(made.content).hexdigest(),
        made.evidence,
        on_test(case, made),
        made.audit,
        data_set,
        {**_conversion_facts(case, made), **fit.facts},
        accepted,
    )
    golden = golden_npz(golden_pngs(case.shown.size_px), made.model.infer, card)
    path = Path(f"{case.name}.tflite")
    return ModelFile(path, made.content, card, fit.labels, golden)


def _description(case: Case, fit: Fitted) -> Description:
    return Description(
        name=case.name,
        description=describe(
            case.source, case.settings.chosen_recipe, case.settings.domain
        ),
        version=_version(),
        author=AUTHOR,
        licence=case.settings.terms,
        size_px=case.shown.size_px,
        mean=MEAN,
        std=STD,
        decided_by="the top class" if fit.threshold else "the card's threshold",
        answers_at=place_of_answers(fit.content),
    )


def _version() -> str:
    try:
        return version("lesion-edge")
    except PackageNotFoundError:  # run from a bare checkout
        return "checkout"


def _conversion_facts(case: Case, made: Measured) -> dict[str, Any]:
    source, settings = case.source, case.settings
    facts: dict[str, Any] = {
        **source.rule.facts,
        "input_found": source.rule_found,
        "head": source.head.kind,
        "malignant_index": source.head.malignant_index,
        "io": settings.io,
        "target_recall": settings.target_recall,
        "seed": settings.seed,
    }
    if source.head.malignant:
        names = settings.labels or tuple(
            map(str, range(max(source.head.malignant) + 1))
        )
        facts["classes"] = list(settings.labels)
        facts["malignant_classes"] = [names[place] for place in source.head.malignant]
        if settings.labels:
            outputs = source.outputs(case.val.real, source.rule)
            rows = photos_of(case.photos, "val")
            facts |= class_facts(outputs, settings.labels, rows)
    if by_diagnosis := _called_by_diagnosis(case, made):
        facts["called_malignant_by_diagnosis"] = by_diagnosis
    if settings.keep_float:
        facts["keep_float"] = ", ".join(settings.keep_float)
    if settings.chosen_recipe.trains:
        if left_alone := only_calibrated(case.floating):
            facts["only_calibrated"] = left_alone
        facts |= {"steps": settings.steps, "learning_rate": settings.learning_rate}
    return facts


def _called_by_diagnosis(case: Case, made: Measured) -> dict[str, str]:
    """Of each diagnosis in the validation split, how many photos reach the threshold.

    Empty where the manifest has no column ``diagnosis``.
    """
    rows = photos_of(case.photos, "val")
    names = [photo.columns.get("diagnosis", "") for photo in rows]
    called = made.given >= made.evidence.threshold.score
    return {
        name: f"{sum(c for n, c in zip(names, called, strict=True) if n == name)} of"
        f" {names.count(name)}"
        for name in sorted({*names} - {""})
    }
