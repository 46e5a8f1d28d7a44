"""A page that shows photos of the user's own folder, each with a few words.

It stays on the user's computer: ``.gitignore`` names every file that is made of it, and
the report itself holds no photo, so that it can be passed on.
"""

import base64
import functools
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from PIL import Image

from edge_runtime.errors import PhotoError
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.preprocessing import centre_square, resize

SIDE_PX = 160
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Card:
    """One photo.

    Attributes:
        photo: path relative to the manifest's folder.
        words: below its name.
    """

    photo: str
    words: str


def photo_page(
    title: str, text: str, groups: Mapping[str, Sequence[Card]], folder: Path | None
) -> str:
    """The whole page; a photo that cannot be read is named with the reason.

    Args:
        title: heading.
        text: what stands above the photos, line by line.
        groups: photos under the headings that the reader opens; a heading that is
            empty stands open.
        folder: where the photos lie; None names them and shows none.
    """
    return Template((_FOLDER / "photos.html").read_text(encoding="utf-8")).substitute(
        title=escape(title),
        text=escape(text),
        style=(_FOLDER / "page.css").read_text(encoding="utf-8"),
        groups="\n".join(
            _group(heading, cards, folder) for heading, cards in groups.items()
        ),
    )


def _group(heading: str, cards: Sequence[Card], folder: Path | None) -> str:
    shown = "".join(_figure(card, folder) for card in cards) or "<p>No photo.</p>"
    inside = f'<div class="photos">{shown}</div>'
    if not heading:
        return inside
    return (
        f'<details class="fold"><summary>{escape(heading)}</summary>{inside}</details>'
    )


def _figure(card: Card, folder: Path | None) -> str:
    picture = "" if folder is None else _thumbnail(folder / card.photo)
    return (
        f"<figure>{picture}<figcaption>{escape(card.photo)}<br>"
        f"{escape(card.words)}</figcaption></figure>"
    )


@functools.lru_cache(maxsize=512)
def _thumbnail(photo: Path) -> str:
    """The photo's centre as the network sees it; several models err on the same one."""
    try:
        square = centre_square(read_photo(photo, for_size_px=SIDE_PX))
    except PhotoError as error:
        return f"<p>{escape(str(error))}</p>"
    encoded = io.BytesIO()
    Image.fromarray(resize(square, SIDE_PX)).save(encoded, "JPEG", quality=85)
    content = base64.b64encode(encoded.getvalue()).decode()
    return f'<img alt="" width="{SIDE_PX}" src="data:image/jpeg;base64,{content}">'
