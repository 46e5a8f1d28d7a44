"""One kit: all files of it by path, from a model file and a target's description."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from convert.cards.readme import model_readme
from convert.errors import ConversionError
from convert.kits.description import KITS, KitDescription
from convert.kits.golden import golden_files, golden_json
from convert.kits.microcontroller import golden_header, micro_values
from convert.kits.questions import question_values
from convert.kits.requirements import locked_requirements, read_lock
from convert.kits.values import filled, quality_values, values_of
from convert.targets.c_source import c_array, c_header, symbol_of
from convert.targets.input_output_types import with_edges
from edge_runtime.model.appended_zip import pack
from edge_runtime.model.card import ModelCard
from edge_runtime.model.file import ModelFile
from edge_runtime.photos.decoding import REDUCED_DECODE_MARGIN
from edge_runtime.verdict import NOTICE

TEMPLATE = ".in"
SUMS = "SHA256SUMS"
_LEFT_OVER = {"__pycache__", "build"}
_PAGE_S_MODEL = re.compile(r"convert/package\.py models/(\S+)\.tflite")

_LICENCES = """\
# Licences

*{notice}.*

| what | terms |
|---|---|
| the code of this kit | Apache-2.0 |
| the model's weights ({name}) | {licence} |
| golden vectors | drawn by this project, Apache-2.0; no photo of a person |
| the runtime that you add | LiteRT, TFLite Micro: Apache-2.0; see their notices |

An app passes all of these on to its users. The terms of the weights bind whoever ships
them: read them before an app goes to a store.
"""


_LARGE_PHOTOS = """
## Large photos

Python decodes a JPEG whose shorter side has {least_px} pixels or more at 1/2 or 1/4 of
its sides; here it is decoded whole, which takes longer. From the same file the
probability may therefore differ; `python -m benchmarks.costs.whole_decode` of the
toolkit measures by how much for this model. From the same decoded pixels on, the answer
is the same.

{why}
"""


def kit_files(file: ModelFile, kit: KitDescription) -> dict[str, bytes]:
    """Everything the kit holds but the checksums.

    Args:
        file: the model; its edges are changed to what the target takes.
        kit: description of the target.

    Raises:
        ConversionError: when the target cannot run the model, or a file of the kit
            asks for a value that no card gives.
    """
    problem = kit.problem(file.card.recipe, asks=file.card.answers is not None)
    if problem:
        raise ConversionError(problem)
    fitted = in_form_of(file, kit)
    shipped = dict(_model(fitted, kit))
    files = {
        **dict(_sources(fitted, kit)),
        **dict(_golden(fitted, kit)),
        **shipped,
        "README.md": _page(fitted.card, kit).encode(),
        "MODEL_CARD.md": model_readme([fitted]).encode(),
        "LICENCES.md": _LICENCES.format(
            notice=NOTICE.capitalize(),
            name=fitted.card.name,
            licence=fitted.card.licence,
        ).encode(),
        "card.json": fitted.card.to_json().encode(),
        "labels.txt": _lines(fitted.labels),
        "kit.json": _about(fitted.card, kit, shipped).encode(),
    }
    return dict(sorted(files.items()))


def in_form_of(file: ModelFile, kit: KitDescription) -> ModelFile:
    """The model with edges that the target takes."""
    accepted = kit.target.io
    if file.card.input.dtype in accepted and file.card.output.dtype in accepted:
        return file
    return with_edges(file, accepted[0])


def _sources(file: ModelFile, kit: KitDescription) -> Iterator[tuple[str, bytes]]:
    values = values_of(file.card) | quality_values() | question_values(file)
    if kit.c_source_folder:
        values |= micro_values(file)
    for share in kit.shares:
        yield from _copied(KITS / share.source, share.to, values)
    if kit.locked:
        yield "requirements.txt", locked_requirements(kit.locked, read_lock()).encode()
    # The target's own files come last and so win.
    yield from _copied(kit.folder / "files", "", values)


def _copied(
    source: Path, to: str, values: Mapping[str, str]
) -> Iterator[tuple[str, bytes]]:
    if not source.exists():
        raise ConversionError(f"{source} is missing: make this kit from a checkout")
    paths = [source] if source.is_file() else sorted(source.rglob("*"))
    for path in paths:
        if not path.is_file() or _is_left_over(path):
            continue
        inside = path.relative_to(source).as_posix() if path != source else ""
        name = "/".join(part for part in (to, inside) if part)
        if path.suffix == TEMPLATE:
            text = filled(path.read_text(encoding="utf-8"), values, str(path))
            yield name.removesuffix(TEMPLATE), text.encode()
        else:
            yield name, path.read_bytes()


def _is_left_over(path: Path) -> bool:
    return any(part in _LEFT_OVER or part.endswith(".egg-info") for part in path.parts)


def _golden(file: ModelFile, kit: KitDescription) -> Iterator[tuple[str, bytes]]:
    folder = kit.golden_folder
    if kit.golden_form == "c":
        yield f"{folder}/golden.h", golden_header(file).encode()
        return
    files = golden_files(file)
    if kit.golden_form == "json":
        yield f"{folder}/golden.json", golden_json(files).encode()
        return
    for name, content in files.items():
        yield f"{folder}/{name}", content


def _model(file: ModelFile, kit: KitDescription) -> Iterator[tuple[str, bytes]]:
    name = kit.model_name or f"{file.card.name}.tflite"
    members = {
        "card.json": file.card.to_json().encode(),
        "labels.txt": _lines(file.labels),
        "golden.npz": file.golden,
    }
    yield f"{kit.model_folder}/{name}", file.model + pack(members, len(file.model))
    if kit.c_source_folder:
        symbol = symbol_of(file.card.name)
        yield f"{kit.c_source_folder}/{symbol}.h", c_header(file).encode()
        yield f"{kit.c_source_folder}/{symbol}.c", c_array(file).encode()


def _page(card: ModelCard, kit: KitDescription) -> str:
    """The target's page: of this model, with what is true of it under the title."""
    values = values_of(card)
    title, _, rest = (
        (kit.folder / "README.md").read_text(encoding="utf-8").partition("\n")
    )
    # The page in the repository speaks of a model that lies there, so that its
    # commands can be followed as they stand.
    rest = rest.replace(_model_of_the_page(rest, kit), card.name)
    about = [
        title,
        "",
        f"**{values['NAME']}**: {values['NOTICE']}. {values['EVIDENCE']}."
        f" Terms of the weights: {values['LICENCE']}.",
        "",
        *(f"- Verified: {each}" for each in kit.verified),
        *(f"- **Not verified**: {each}" for each in kit.unverified),
        "",
        "`sha256sum --check SHA256SUMS` shows whether the kit arrived whole.",
    ]
    return "\n".join(about) + "\n" + rest + _large_photos(card, kit)


def _large_photos(card: ModelCard, kit: KitDescription) -> str:
    """What the page says of photos that Python would not decode whole."""
    if not kit.decodes_whole:
        return ""
    least_px = 2 * REDUCED_DECODE_MARGIN * card.input.size_px
    return _LARGE_PHOTOS.format(least_px=least_px, why=kit.decodes_whole)


def _model_of_the_page(text: str, kit: KitDescription) -> str:
    found = _PAGE_S_MODEL.search(text)
    if found is None:
        raise ConversionError(
            f"{kit.folder / 'README.md'} has no line 'python convert/package.py"
            " models/NAME.tflite ...', which tells the name of its model"
        )
    return found.group(1)


def _about(card: ModelCard, kit: KitDescription, shipped: Mapping[str, bytes]) -> str:
    """``file_sha256`` is of what an app bundles, ``model_sha256`` of its model part."""
    (path,) = (name for name in shipped if name.endswith(".tflite"))
    content = {
        "notice": NOTICE,
        "target": kit.name,
        "model": card.name,
        "file": path,
        "file_sha256": hashlib.sha256(shipped[path]).hexdigest(),
        "model_sha256": card.model_sha256,
        "input": card.input.dtype,
        "output": card.output.dtype,
        "written_for": dict(kit.versions),
        "verified": kit.verified,
        "unverified": kit.unverified,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _lines(words: tuple[str, ...]) -> bytes:
    return "".join(f"{word}\n" for word in words).encode()
