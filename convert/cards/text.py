"""A model file as pages of text: what it is for, how well it does, what it is made of.

Pure functions from the card and the graph to lines; ``convert/show.py`` prints them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from convert.tflite.audit import SizeReport, unfused_operations
from convert.tflite.operators import Operator, Tensor
from edge_runtime.model.card import ModelCard
from edge_runtime.model.evidence import (
    Accuracy,
    FewMalignant,
    Mean,
    Threshold,
    means_over_sources,
)

SPLITS = {
    "val": "validation",
    "test": "test, all photos",
    "test_clean": "test, no lesion of train",
}

FEW_MALIGNANT = "too few malignant photos"
"""In place of a recall and an AUC."""

NOT_COMPARED = "not compared: no Keras model was given"


def split_in_words(split: str) -> str:
    """What to call a split, or the photos of a site that a threshold was chosen on."""
    return SPLITS.get(split, split)


def card_lines(card: ModelCard) -> list[str]:
    """What the card says, the notice first and no recall without its specificity."""
    return [
        f"{card.name}: {card.notice}",
        card.description,
        *_section("Accuracy at the threshold, with 95 % intervals", _accuracy(card)),
        *_section("Decision", _decision(card)),
        *_section("Changed by the conversion", _comparison(card)),
        *_section("Input and output", _edges(card)),
        *_section("Origin and terms", _origin(card)),
    ]


def graph_lines(found: Sequence[Operator]) -> list[str]:
    """The operators in the order in which they run."""
    rows = [
        (operator.name, *_edges_of(operator), _weights(operator), operator.layer)
        for operator in found
    ]
    lines = table(("kernel", "reads", "gives", "weights", "layer"), rows)
    if unfused := unfused_operations(found):
        layers = ", ".join(dict.fromkeys(operator.layer for operator in unfused))
        lines = [
            *lines,
            f"{len(unfused)} of them could have been folded into a convolution:"
            f" {layers}",
        ]
    return _section("Operations", lines)


def size_lines(size: SizeReport, file_bytes: int, parameters: int) -> list[str]:
    """Where the bytes of the file are.

    Args:
        size: of the FlatBuffer.
        file_bytes: of the whole file, with what is appended.
        parameters: of the Keras model, 4 bytes each in its own file.
    """
    rows = [
        (f"weights of {kernel}", f"{count:,}")
        for kernel, count in sorted(
            size.by_operation.items(), key=lambda item: -item[1]
        )
    ]
    rows.append(("graph, names, scales, metadata", f"{size.overhead_bytes:,}"))
    rows.append(("card, labels, golden vectors", f"{file_bytes - size.total_bytes:,}"))
    rows.append(("file", f"{file_bytes:,}"))
    smaller = 4 * parameters / file_bytes
    return [
        *_section("Size in bytes", table(("part", "bytes"), rows)),
        f"  {smaller:.1f} times smaller than its {parameters:,} weights in float32",
    ]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell, two spaces between."""
    cells = [tuple(heads), *(tuple(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in cells
    ]


def _section(title: str, lines: Iterable[str]) -> list[str]:
    return ["", title, *(f"  {line}" for line in lines)]


def _accuracy(card: ModelCard) -> list[str]:
    heads = ("photos", "n", "recall", "specificity", "AUC", "calibration error")
    rows = [_accuracy_row(measured) for measured in card.accuracy]
    rows += [_few_row(source) for source in card.few_malignant or ()]
    rows += [_mean_row(mean) for mean in means_over_sources(card.accuracy)]
    return table(heads, rows)


def set_name(split: str, source: str | None) -> str:
    """Which photos, in words: the split, then the source where there are several."""
    name = split_in_words(split)
    return name if source is None else f"{source}: {name}"


def mean_name(mean: Mean) -> str:
    """Which photos a mean is over, in words."""
    return set_name(mean.split, f"mean of {len(mean.sources)} sources")


def _few_row(source: FewMalignant) -> tuple[str, ...]:
    spared = source.specificity
    return (
        set_name(source.split, source.source),
        f"{source.malignant + (spared.n if spared else 0):,}",
        f"{FEW_MALIGNANT} ({source.malignant})",
        spared.counted if spared else "no other photos",
        "-",
        "-",
    )


def _mean_row(mean: Mean) -> tuple[str, ...]:
    return (
        mean_name(mean),
        "-",
        f"{mean.recall:.3f}",
        f"{mean.specificity:.3f}",
        f"{mean.auc:.3f}",
        "-",
    )


def _accuracy_row(measured: Accuracy) -> tuple[str, ...]:
    return (
        set_name(measured.split, measured.source),
        f"{measured.recall.n + measured.specificity.n:,}",
        measured.recall.counted,
        measured.specificity.counted,
        f"{measured.auc:.3f} ({measured.auc_low:.3f} to {measured.auc_high:.3f})",
        f"{measured.expected_calibration_error:.3f}",
    )


def _decision(card: ModelCard) -> list[str]:
    threshold, band = card.threshold, card.uncertainty
    stored = "" if threshold.stored is None else f", stored as {threshold.stored}"
    return [
        f"investigate  from probability {threshold.probability:.4f}"
        f" (score {threshold.score:.6g}{stored})",
        f"uncertain    from probability {band.low_probability:.4f}"
        f" (score {band.low_score:.6g}): {band.rule};"
        f" {band.share.successes} of {band.share.n}",
        "monitor      below",
        f"threshold    {threshold_words(threshold)}",
        f"probability  sigmoid(logit(score) / {card.temperature:g})",
    ]


def threshold_words(threshold: Threshold) -> str:
    """How the threshold was chosen."""
    split = split_in_words(threshold.split)
    if threshold.rule is None:
        return (
            f"the highest that finds {threshold.target_recall:.0%} of the malignant"
            f" {split} photos"
        )
    lowest = threshold.recall
    return (
        f"{threshold.rule}; {split} photos; lowest recall {lowest.value:.3f} in"
        f" {threshold.source}, {lowest.successes} of {lowest.n}, with specificity"
        f" {threshold.specificity.value:.3f} there"
    )


def _comparison(card: ModelCard) -> list[str]:
    changed = card.comparison
    if not changed.n:
        return [NOT_COMPARED]
    return [
        f"{changed.n:,} photos of {split_in_words(changed.split)};"
        " both models at their own threshold for the same recall",
        f"malignant    {changed.malignant_lost} lost,"
        f" {changed.malignant_gained} gained",
        f"other        {changed.benign_lost} became false alarms,"
        f" {changed.benign_gained} no longer are",
        f"AUC          {changed.auc_keras:.4f} in Keras,"
        f" {changed.auc_file:.4f} in this file",
        f"scores       differ by {changed.largest_difference:.4f} at most,"
        f" {changed.mean_difference:.4f} on average;"
        f" {changed.distinct_scores} distinct ones",
    ]


def _edges(card: ModelCard) -> list[str]:
    given, gained = card.input, card.output
    size_px = given.size_px
    return [
        f"input   {given.dtype} 1 x {size_px} x {size_px} x 3 {given.colour_order},"
        f" {_quantised(given.scale, given.zero_point)};"
        f" real = (pixel - {given.mean:g}) / {given.std:g}",
        f"photo   {given.crop}, {given.resize}"
        f"{' with antialiasing' if given.antialias else ''};"
        f" EXIF orientation {given.exif_orientation}",
        f"output  {gained.dtype}, {_quantised(gained.scale, gained.zero_point)};"
        f" high means {gained.labels[0]}",
        *_keras_model(card.provenance.conversion),
    ]


def _keras_model(facts: Mapping[str, Any]) -> list[str]:
    """How the Keras model was fed, and how that was found; older cards lack it.

    With its classes, and of each diagnosis how many reach the threshold.
    """
    lines = []
    if "input_found" in facts:
        rule = " ".join(
            str(facts[name])
            for name in ("input_range", "channel_order", "input_colours")
            if name in facts
        )
        scaled = "".join(
            f", {name} {facts[f'input_{name}']}"
            for name in ("mean", "std")
            if f"input_{name}" in facts
        )
        lines.append(f"Keras   pixels in {rule}{scaled}; {facts['input_found']}")
    if "malignant_classes" in facts:
        every = ", ".join(facts["classes"]) or "not named"
        lines.append(
            f"classes {', '.join(facts['malignant_classes'])} are added up, of {every}"
        )
    lines += _classes(facts)
    if "called_malignant_by_diagnosis" in facts:
        counts = facts["called_malignant_by_diagnosis"]
        lines.append(
            "at the threshold or above, of the validation photos: "
            + ", ".join(f"{name} {count}" for name, count in counts.items())
        )
    return lines


def _only_calibrated(facts: Mapping[str, Any]) -> list[str]:
    """Layers that fine-tuning could not take along."""
    left = facts.get("only_calibrated", {})
    named = ", ".join(f"{name} ({kind})" for name, kind in left.items())
    return [f"not fine-tuned, only calibrated: {named}"] if named else []


def _classes(facts: Mapping[str, Any]) -> list[str]:
    """Of the Keras model's classes, what validation photos of each were taken for."""
    lines = []
    for name, counted in facts.get("class_recall", {}).items():
        others = facts["class_confusion"][name].items()
        taken = [f"{other} {n}" for other, n in others if other != name]
        lines.append(
            f"  {name}: {counted} recognised"
            + (f"; taken for {', '.join(taken)}" if taken else "")
        )
    if lines:
        told = facts.get("class_not_told", 0)
        left_out = f"; {told} with another diagnosis or none" if told else ""
        lines.insert(0, f"the Keras model on the validation photos{left_out}:")
    return lines


def _origin(card: ModelCard) -> list[str]:
    photos, origin = card.data, card.provenance
    lines = [
        f"network       {card.network}, {origin.parameters:,} weights,"
        f" blocks {origin.block_order or 'not stated'}",
        f"recipe        {card.recipe}: {_pairs(origin.quantisation)}",
        *_only_calibrated(origin.conversion),
        f"trained       {card.created} on {photos.name}: {photos.n_train:,} photos;"
        f" {photos.n_val:,} for validation, {photos.n_test:,} for test",
        f"not evaluated {', '.join(photos.not_evaluated) or 'not stated'}",
        f"terms         {card.licence}; data: {photos.terms}",
        f"tools         {_pairs(origin.tools)}",
        f"golden file   made with {origin.kernel_family} kernels",
        f"SHA-256       {card.model_sha256}",
    ]
    if origin.accepted_gates:
        lines.append(f"overridden    {', '.join(origin.accepted_gates)}")
    return lines


def _pairs(values: Mapping[str, Any]) -> str:
    return "; ".join(f"{name} {value}" for name, value in values.items())


def _quantised(scale: float, zero_point: int) -> str:
    return f"scale {scale:.6g}, zero point {zero_point}" if scale else "not quantised"


def _edges_of(operator: Operator) -> tuple[str, str]:
    computed = [each for each in operator.inputs if not each.constant_bytes]
    return (
        ", ".join(map(_tensor, computed)) or "a constant",
        ", ".join(map(_tensor, operator.outputs)),
    )


def _tensor(tensor: Tensor) -> str:
    shape = " x ".join(map(str, tensor.shape))
    if not tensor.scales:
        return f"{tensor.dtype} {shape}"
    return f"{tensor.dtype} {shape} scale {tensor.scales[0]:.4g}"


def _weights(operator: Operator) -> str:
    constants = [each for each in operator.inputs if each.constant_bytes]
    if not constants:
        return "-"
    largest = max(constants, key=lambda each: each.constant_bytes)
    if not largest.scales:
        return f"{sum(each.constant_bytes for each in constants):,} B {largest.dtype}"
    granularity = "channel" if largest.is_per_channel else "tensor"
    return (
        f"{sum(each.constant_bytes for each in constants):,} B {largest.dtype}"
        f" per {granularity}"
    )
