"""Archives of photos of any size, as shards that are read one after the other.

An archive is a folder of photos, of tar files or of Parquet files, or one such file. A
shard is what is judged at one go and resumed from: a tar or Parquet file as it is, or a
run of a folder's photos.
"""

import itertools
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from benchmarks.errors import BenchmarkError
from edge_runtime.photos.paths import files_below, has_photo_suffix, is_hidden, is_photo

FOLDER, TAR, PARQUET = "folder", "tar", "parquet"
COLUMN = "image"
"""Of a Parquet file: the encoded photo, or a struct of ``bytes`` and ``path``."""

Photo = tuple[str, bytes | Path]
"""A photo's name in the archive, and its encoded bytes or where they lie."""


@dataclass(frozen=True)
class Shard:
    """A part of an archive.

    Attributes:
        name: of the file with its results, without suffix; unique in the archive.
        kind: ``"folder"``, ``"tar"`` or ``"parquet"``.
        path: the folder, or the file.
        photos: of a folder: names below it, in order.
    """

    name: str
    kind: str
    path: str
    photos: tuple[str, ...] = ()


def shards_of(archive: Path, photos_per_shard: int, repeat: int = 1) -> Iterator[Shard]:
    """The archive's shards, always the same ones in the same order.

    Args:
        archive: a folder or a file.
        photos_per_shard: of a folder of photos.
        repeat: how often the whole archive comes, for trying how a large one behaves.

    Raises:
        BenchmarkError: when there is nothing in it to judge.
    """
    found = list(_once(archive, photos_per_shard))
    if not found:
        raise BenchmarkError(
            f"{archive} holds no photo, .tar or .parquet file; name a folder of them"
        )
    for turn, shard in itertools.product(range(repeat), found):
        name = shard.name if repeat == 1 else f"{turn:05}-{shard.name}"
        yield Shard(name, shard.kind, shard.path, shard.photos)


def photos_of(shard: Shard) -> Iterator[Photo]:
    """The photos of a shard, one at a time.

    Raises:
        BenchmarkError: when the shard itself cannot be read.
    """
    if shard.kind == FOLDER:
        for name in shard.photos:
            yield name, Path(shard.path) / name
    elif shard.kind == TAR:
        yield from _in_tar(Path(shard.path))
    else:
        yield from _in_parquet(Path(shard.path))


def _once(archive: Path, photos_per_shard: int) -> Iterator[Shard]:
    if archive.is_file():
        files = [archive]
    else:
        files = files_below(archive)
    kinds = {".tar": TAR, ".parquet": PARQUET}
    wholes = [path for path in files if path.suffix in kinds]
    for place, path in enumerate(wholes):
        # Two folders may hold files of the same name.
        yield Shard(f"{place:05}-{path.stem}", kinds[path.suffix], str(path))
    folder = archive if archive.is_dir() else archive.parent
    names = [path.relative_to(folder).as_posix() for path in files if is_photo(path)]
    for place, start in enumerate(range(0, len(names), photos_per_shard)):
        some = tuple(names[start : start + photos_per_shard])
        yield Shard(f"photos-{place:05}", FOLDER, str(folder), some)


def _in_tar(path: Path) -> Iterator[Photo]:
    try:
        # A stream: one pass from front to end, whatever the size.
        with tarfile.open(path, "r|*") as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                hidden = any(is_hidden(part) for part in name.parts if part != ".")
                if member.isfile() and has_photo_suffix(Path(name)) and not hidden:
                    file = archive.extractfile(member)
                    yield member.name, file.read() if file else b""
    except (OSError, tarfile.TarError) as error:
        raise BenchmarkError(f"{path} cannot be read as a tar file: {error}") from error


def _in_parquet(path: Path) -> Iterator[Photo]:
    parquet = _pyarrow()
    try:
        # A few hundred rows at a time: a file may be larger than memory.
        with parquet.ParquetFile(path) as file:
            place = itertools.count()
            for batch in file.iter_batches(batch_size=256, columns=[COLUMN]):
                yield from _rows(path, place, batch.column(0).to_pylist())
    except (OSError, ValueError, KeyError) as error:
        raise BenchmarkError(
            f"{path} cannot be read: {error}. Expected a column {COLUMN!r} with encoded"
            " photos, or with structs of bytes and path."
        ) from error


def _rows(path: Path, place: Iterator[int], values: Iterable[Any]) -> Iterator[Photo]:
    for value in values:
        number = next(place)
        named = value if isinstance(value, dict) else {"bytes": value}
        name = named.get("path") or f"{path.name}#{number}"
        yield str(name), named.get("bytes") or b""


def _pyarrow() -> Any:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise BenchmarkError(
            "Parquet files need pyarrow; install it: pip install pyarrow"
        ) from error
    return pyarrow.parquet
