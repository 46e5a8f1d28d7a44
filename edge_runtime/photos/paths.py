"""Which photos a person means by the words of a command line."""

import glob
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

# What cameras and phones write. Pillow may lack a decoder for the last few; such a
# photo is then a named failure, where skipping it would look like a verdict.
PHOTO_SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .mpo .png .apng .webp .bmp .gif .tif .tiff"
    " .avif .heic .heif .jp2 .dng".split()
)

STANDARD_INPUT = Path("-")


def photos_in(places: Iterable[Path]) -> Iterator[Path]:
    """Files as they are; in place of a folder all photos below it, sorted by path.

    A name that does not exist and has ``*``, ``?`` or ``[`` in it is a pattern (``**``
    for any depth), for shells that hand it over as it is; ``-`` stands for the lines of
    standard input. Hidden files are left out of folders: some systems put
    ``._name.jpg`` beside a photo. A folder without photos, or a pattern without a
    match, is passed on itself, so that reading it fails by name.
    """
    for place in places:
        if place == STANDARD_INPUT:
            lines = (line.rstrip("\r\n") for line in sys.stdin)
            yield from photos_in(Path(line) for line in lines if line and line != "-")
        elif place.is_dir():
            photos = sorted(path for path in place.rglob("*") if is_photo(path))
            yield from photos or [place]
        elif glob.has_magic(str(place)) and not place.exists():
            anchor, pattern = Path(place.anchor), place.relative_to(place.anchor)
            found = sorted(path for path in anchor.glob(str(pattern)) if path.is_file())
            yield from found or [place]
        else:
            yield place


def once_each(photos: Iterable[Path]) -> list[Path]:
    """The photos without repetitions, in order; two places may hold the same one."""
    return list(dict.fromkeys(photos))


def is_photo(path: Path) -> bool:
    """Whether a file looks like a photo by its name, and is not hidden."""
    return (
        path.suffix.lower() in PHOTO_SUFFIXES
        and not path.name.startswith(".")
        and path.is_file()
    )
