import ctypes
import shutil
import subprocess

import pytest

from convert.errors import ConversionError
from convert.targets.c_source import c_header, symbol_of, write_c_source
from edge_runtime.model.file import read_model_file

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


@pytest.fixture(scope="module")
def file(root):
    return read_model_file(root / "models/cnn32.qat_int8.tflite")


@pytest.fixture(scope="module")
def written(file, tmp_path_factory):
    return write_c_source(file, tmp_path_factory.mktemp("c"))


@pytest.mark.skipif(COMPILER is None, reason="no C compiler here")
def test_compiled_array_is_the_model(file, written, tmp_path):
    source, _ = written
    library = tmp_path / "model.so"
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run([COMPILER, *flags, source, "-o", library], check=True)
    loaded = ctypes.CDLL(str(library))
    size = ctypes.c_uint.in_dll(loaded, "cnn32_qat_int8_bytes").value
    array = (ctypes.c_ubyte * size).in_dll(loaded, "cnn32_qat_int8")
    assert bytes(array) == file.model
    assert ctypes.addressof(array) % 16 == 0


@pytest.mark.skipif(COMPILER is None, reason="no C compiler here")
@pytest.mark.parametrize("language", ["c", "c++"])
def test_header_compiles_alone_with_the_cards_numbers(
    file, written, tmp_path, language
):
    if language == "c++" and shutil.which("g++") is None:
        pytest.skip("no C++ compiler here")
    program = tmp_path / "program"
    source = tmp_path / "main.c"
    source.write_text(
        '#include <stdio.h>\n#include "cnn32_qat_int8.h"\n'
        'int main(void) { printf("%d %d %d %.9g %d %u", CNN32_QAT_INT8_SIZE_PX,'
        " CNN32_QAT_INT8_THRESHOLD, CNN32_QAT_INT8_INPUT_ZERO_POINT,"
        " (double)CNN32_QAT_INT8_OUTPUT_SCALE, CNN32_QAT_INT8_UNCERTAIN_FROM,"
        " cnn32_qat_int8_bytes); return 0; }\n"
    )
    array, header = written
    array_object = tmp_path / "array.o"
    subprocess.run([COMPILER, "-c", array, "-o", array_object], check=True)
    compiler = "g++" if language == "c++" else COMPILER
    subprocess.run(
        [compiler, "-x", language, "-I", header.parent, source, "-x", "none",
         array_object, "-o", program],
        check=True,
    )  # fmt: skip
    printed = subprocess.run([program], check=True, capture_output=True, text=True)
    size_px, threshold, zero, scale, low, count = printed.stdout.split()
    card = file.card
    assert (int(size_px), int(threshold)) == (32, card.threshold.stored)
    assert (int(zero), float(scale)) == (card.input.zero_point, card.output.scale)
    assert int(low) == round(card.uncertainty.low_score * 256)
    assert int(count) == len(file.model)


def test_header_says_what_it_is_and_recall_with_specificity(file):
    text = c_header(file)
    assert "not a medical device" in text
    recall, specificity = file.card.threshold.recall, file.card.threshold.specificity
    of = f"({recall.successes} of {recall.n})"
    said = f"recall {recall.value:.3f} {of},\n * specificity {specificity.value:.3f}"
    assert said in text
    assert "benign" not in text


def test_names_become_identifiers():
    assert symbol_of("lesion64.qat_int8.microcontroller") == (
        "lesion64_qat_int8_microcontroller"
    )


def test_float_edges_are_refused(file):
    from dataclasses import replace

    from edge_runtime.model.card import OutputSpec

    threshold = replace(file.card.threshold, stored=None)
    card = replace(file.card, output=OutputSpec("float32", 0.0, 0), threshold=threshold)
    with pytest.raises(ConversionError, match="needs integers at the edges"):
        c_header(replace(file, card=card))
