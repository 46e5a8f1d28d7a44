"""Which photos a person means by files and folders on a command line."""

from collections.abc import Iterable, Iterator
from pathlib import Path

# What cameras and phones write. Pillow may lack a decoder for the last few; such a
# photo is then a named failure, where skipping it would look like a verdict.
PHOTO_SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .mpo .png .apng .webp .bmp .gif .tif .tiff"
    " .avif .heic .heif .jp2 .dng".split()
)


def photos_in(places: Iterable[Path]) -> Iterator[Path]:
    """Files as they are; in place of a folder all photos below it, sorted by path.

    Hidden files are left out: some systems put ``._name.jpg`` beside a photo. A folder
    without photos is passed on itself, so that reading it fails by name.
    """
    for place in places:
        if not place.is_dir():
            yield place
            continue
        photos = sorted(path for path in place.rglob("*") if is_photo(path))
        yield from photos or [place]


def is_photo(path: Path) -> bool:
    """Whether a file looks like a photo by its name, and is not hidden."""
    return (
        path.suffix.lower() in PHOTO_SUFFIXES
        and not path.name.startswith(".")
        and path.is_file()
    )
