"""The table of accepted models as a page."""

from collections.abc import Mapping, Sequence

from convert.accepted.judging import Row
from edge_runtime.measuring.machine import Machine
from edge_runtime.verdict import NOTICE

_HEADINGS = (
    "model", "what it is", "px", "parameters", "recipe", "AUC Keras", "AUC file",
    "scores moved, mean", "at most", "kB", "s", "failed gates",
)  # fmt: skip
_LEGEND = (
    "AUC Keras: of the trained model on the validation photos, which this script feeds"
    " as the model was trained, not as the converter believes. AUC file, scores moved:"
    " of the converted file in LiteRT, against the same scores. s: the whole"
    " conversion, beside whatever else ran. Failed gates were overridden by `--accept`,"
    " so that the table has their figures; without it such a file is not written. A"
    " number of layers behind the recipe: those that fine-tuning leaves to calibration."
)


def page(
    rows: Sequence[Row],
    missing: Mapping[str, str],
    command: str,
    photos: str,
    machine: Machine,
) -> str:
    """Markdown.

    Args:
        rows: in the order of the candidates.
        missing: conversions without a row, and why.
        command: that made it, for a shell.
        photos: which and how many, in words.
        machine: that the conversions ran on.
    """
    commits = ", ".join(dict.fromkeys(row.commit for row in rows))
    parts = [
        "# Accepted models",
        "Models as people build them, each trained for about a minute and converted as"
        " [conversion](convert.md) says. The figures tell what conversion changes; they"
        " say nothing of how good such a network can become."
        f" *{NOTICE}*",
        "Written by `make accepted-models`, that is by this command; edit neither."
        f"\n\n```\n{command}\n```",
        f"{photos} Measured on {machine.cpu or machine.architecture}, {machine.cores}"
        f" cores, {machine.os}, Python {machine.python}; commit {commits or 'none'}.",
        "\n".join(_table(rows)),
        _LEGEND,
        *_refused(rows),
        *_missing(missing),
    ]
    return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| " + " | ".join(_HEADINGS) + " |",
        "|---|---|---:|---:|---|" + "---:|" * 6 + "---|",
    ]
    return lines + [
        "| " + " | ".join(_cells(row)) + " |" for row in rows if not row.refused
    ]


def _cells(row: Row) -> tuple[str, ...]:
    recipe = f"`{row.recipe}`" + (f" ({row.left_alone})" if row.left_alone else "")
    return (
        row.name,
        row.about,
        str(row.size_px),
        f"{row.parameters:,}",
        recipe,
        f"{row.auc_keras:.4f}",
        f"{row.auc_file:.4f}",
        f"{row.mean_difference:.4f}",
        f"{row.largest_difference:.3f}",
        f"{(row.size_bytes or 0) / 1000:.0f}",
        f"{row.seconds:.0f}",
        ", ".join(row.gates),
    )


def _refused(rows: Sequence[Row]) -> list[str]:
    lines = [
        f"- {row.name}, `{row.recipe}` (AUC Keras {row.auc_keras:.4f}): {row.refused}"
        for row in rows
        if row.refused
    ]
    return ["## Refused", "\n".join(lines)] if lines else []


def _missing(missing: Mapping[str, str]) -> list[str]:
    lines = [f"- {name}: {why}" for name, why in missing.items()]
    return ["## Not measured", "\n".join(lines)] if lines else []
