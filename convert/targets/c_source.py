"""A model file as C source, for microcontrollers without a file system.

The array is the FlatBuffer alone, 16-byte aligned as TFLite Micro wants it. The header
carries what a program needs beside it: sizes, quantisation, the threshold as a stored
integer. The card stays in the ``.tflite`` file.
"""

import re
from pathlib import Path

import numpy as np

from convert.errors import ConversionError
from edge_runtime.files.atomic import write_text
from edge_runtime.model.file import ModelFile

_BYTES_A_LINE = 12


def write_c_source(file: ModelFile, folder: Path) -> tuple[Path, Path]:
    """Write ``NAME.c`` and ``NAME.h`` with dots as underscores; returns both paths.

    Raises:
        ConversionError: when the file has float edges, which no integer describes.
    """
    symbol = symbol_of(file.card.name)
    source, header = folder / f"{symbol}.c", folder / f"{symbol}.h"
    write_text(header, c_header(file))
    write_text(source, c_array(file))
    return source, header


def symbol_of(name: str) -> str:
    """The card's name as a C identifier.

    >>> symbol_of("cnn32.qat_int8.microcontroller")
    'cnn32_qat_int8_microcontroller'
    """
    return re.sub(r"\W", "_", name)


def c_array(file: ModelFile) -> str:
    """The FlatBuffer as an aligned array of constants."""
    symbol = symbol_of(file.card.name)
    lines = [
        f"/* {file.card.notice}. Generated from {file.card.name}; do not edit. */",
        f'#include "{symbol}.h"',
        "",
        f"const unsigned char {symbol}[] __attribute__((aligned(16))) = {{",
    ]
    for start in range(0, len(file.model), _BYTES_A_LINE):
        chunk = file.model[start : start + _BYTES_A_LINE]
        lines.append("  " + ", ".join(f"0x{byte:02x}" for byte in chunk) + ",")
    lines += ["};", f"const unsigned int {symbol}_bytes = sizeof {symbol};", ""]
    return "\n".join(lines)


def c_header(file: ModelFile) -> str:
    """Declarations, and the numbers around an inference.

    Raises:
        ConversionError: when the edges are not integers.
    """
    card = file.card
    if card.threshold.stored is None:
        raise ConversionError(
            "--emit-c needs integers at the edges; give --target microcontroller"
        )
    symbol = symbol_of(card.name)
    prefix = symbol.upper()
    values: dict[str, object] = {
        "SIZE_PX": card.input.size_px,
        "INPUT_ZERO_POINT": card.input.zero_point,
        "OUTPUT_SCALE": f"{card.output.scale:.9g}f",
        "OUTPUT_ZERO_POINT": card.output.zero_point,
        "THRESHOLD": card.threshold.stored,
        "UNCERTAIN_FROM": _stored(file),
    }
    numbers = [f"#define {prefix}_{name} ({value})" for name, value in values.items()]
    recall, specificity = card.threshold.recall, card.threshold.specificity
    source = card.threshold.source
    where = card.threshold.split + (f" of {source}" if source else "")
    return "\n".join(
        [
            f"/* {card.name}: {card.notice}.",
            " *",
            f" * Input: {card.input.dtype}, 1 x SIZE_PX x SIZE_PX x 3, RGB by rows;",
            " * stored = pixel + INPUT_ZERO_POINT.",
            f" * Output: {card.output.dtype}; at or above THRESHOLD: investigate.",
            f" * There, on {where} photos: recall {recall.value:.3f}"
            f" ({recall.successes} of {recall.n}),",
            f" * specificity {specificity.value:.3f} ({specificity.successes} of"
            f" {specificity.n}).",
            f" * SHA-256 of the model: {card.model_sha256}",
            " */",
            f"#ifndef {prefix}_H",
            f"#define {prefix}_H",
            "",
            *numbers,
            "",
            "#ifdef __cplusplus",
            'extern "C" {',
            "#endif",
            f"extern const unsigned char {symbol}[];",
            f"extern const unsigned int {symbol}_bytes;",
            "#ifdef __cplusplus",
            "}",
            "#endif",
            "",
            f"#endif /* {prefix}_H */",
            "",
        ]
    )


def _stored(file: ModelFile) -> int:
    """The lower end of the uncertainty band as the output holds it."""
    low = np.array([file.card.uncertainty.low_score])
    return int(file.card.output.quantization.store(low)[0])
