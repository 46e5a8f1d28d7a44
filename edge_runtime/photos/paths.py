"""Which photos a person means by the words of a command line.

One rule for every command: which endings a photo has, and which folders are a system's
own and none of the person's.
"""

import glob
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

# What cameras and phones write. Some of them Pillow cannot decode, or only with an
# extra; such a photo is then a named failure, where skipping it would look like a
# verdict.
PHOTO_SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .jif .mpo .png .apng .webp .bmp .dib .gif .tif .tiff"
    " .avif .avifs .heic .heif .hif .jxl .jp2 .j2k .jpf .jpx"
    " .dng .cr2 .cr3 .nef .arw .orf .raf .rw2 .srw .pef".split()
)

# Names of folders that systems and tools make for themselves, beside those that begin
# with a dot (.thumbnails, .ipynb_checkpoints, .stversions), @ (@eaDir of Synology),
# # (#recycle), $ ($RECYCLE.BIN) or two underscores (__MACOSX).
_SYSTEM_FOLDERS = frozenset({"system volume information", "lost+found"})
_HIDDEN_FIRST = (".", "@", "#", "$", "__")

STANDARD_INPUT = Path("-")


def photos_in(places: Iterable[Path]) -> Iterator[Path]:
    """Files as they are; in place of a folder all photos below it, sorted by path.

    A name that does not exist and has ``*``, ``?`` or ``[`` in it is a pattern (``**``
    for any depth), for shells that hand it over as it is; ``-`` stands for the lines of
    standard input. Hidden files and folders are left out of folders and patterns, see
    ``is_hidden``. A folder without photos, or a pattern without a match, is passed on
    itself, so that reading it fails by name.
    """
    for place in places:
        if place == STANDARD_INPUT:
            yield from photos_in(_listed())
        elif place.is_dir():
            yield from photos_below(place) or [place]
        elif glob.has_magic(str(place)) and not place.exists():
            anchor, pattern = Path(place.anchor), place.relative_to(place.anchor)
            found = sorted(
                path
                for path in anchor.glob(str(pattern))
                if path.is_file() and not _is_hidden_match(path, place)
            )
            yield from found or [place]
        else:
            yield place


def once_each(photos: Iterable[Path]) -> list[Path]:
    """The photos without repetitions, in order; two places may hold the same one."""
    return list(dict.fromkeys(photos))


def photos_below(folder: Path) -> list[Path]:
    """All photos in a folder and its folders, sorted by path.

    Links to folders are followed, each folder once. A folder that may not be opened
    stands for its photos, so that reading it fails by name.
    """
    return [path for path in files_below(folder) if is_photo(path) or path.is_dir()]


def files_below(folder: Path) -> list[Path]:
    """All files below a folder but hidden ones, whatever they are; sorted by path."""
    found: list[Path] = []
    seen: set[str] = set()

    def refused(error: OSError) -> None:
        found.append(Path(error.filename or folder))

    for here, folders, files in os.walk(folder, onerror=refused, followlinks=True):
        real = os.path.realpath(here)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in folders if not is_hidden(name)]
        paths = (Path(here, name) for name in files if not is_hidden(name))
        found += [path for path in paths if path.is_file()]
    return sorted(found)


def is_photo(path: Path) -> bool:
    """Whether a file looks like a photo by its name, and is not hidden."""
    return has_photo_suffix(path) and not path.name.startswith(".") and path.is_file()


def has_photo_suffix(path: Path) -> bool:
    """Whether the ending is one of a photo, in whatever case."""
    return path.suffix.lower() in PHOTO_SUFFIXES


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is a system's own, and not a person's.

    >>> [is_hidden(name) for name in (".thumbnails", "@eaDir", "__MACOSX", "images")]
    [True, True, True, False]
    """
    return name.startswith(_HIDDEN_FIRST) or name.lower() in _SYSTEM_FOLDERS


def _is_hidden_match(path: Path, pattern: Path) -> bool:
    """Whether a part that the pattern did not spell out is hidden."""
    return any(is_hidden(part) for part in path.parts if part not in pattern.parts)


def _listed() -> Iterator[Path]:
    """The lines of standard input; names come as the system has them, in any bytes."""
    stream = getattr(sys.stdin, "buffer", None)
    lines = stream if stream is not None else (line.encode() for line in sys.stdin)
    for number, raw in enumerate(lines):
        # PowerShell and Notepad begin a list with a mark that is no part of the name.
        content = raw.removeprefix(b"\xef\xbb\xbf") if number == 0 else raw
        line = os.fsdecode(content.rstrip(b"\r\n"))
        if line and line != "-":
            yield Path(line)
