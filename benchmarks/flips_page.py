"""Photos that two models decide differently, as a page for whoever owns the photos.

The thumbnails are of the user's own photos and go into that local page alone.
"""

import base64
import io
from collections.abc import Sequence
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
class Flip:
    """A photo that the two models decide differently.

    Attributes:
        photo: path relative to the manifest's folder.
        malignant: what the manifest says.
        first_score: raw score of the first model.
        second_score: of the second.
        first_right: whether the first was right; then the second was not.
    """

    photo: str
    malignant: bool
    first_score: float
    second_score: float
    first_right: bool


def flips_page(text: str, flips: Sequence[Flip], folder: Path | None) -> str:
    """The whole page; without a folder it names the photos and shows none."""
    cards = "".join(_card(flip, folder) for flip in flips)
    return Template(
        (_FOLDER / "reporting/flips.html").read_text(encoding="utf-8")
    ).substitute(
        text=escape(text), cards=cards or "<p>No photo was decided differently.</p>"
    )


def _card(flip: Flip, folder: Path | None) -> str:
    label = "malignant" if flip.malignant else "not malignant"
    right = "first" if flip.first_right else "second"
    return (
        f"<figure>{_thumbnail(flip.photo, folder)}<figcaption>{escape(flip.photo)}<br>"
        f"{label}; {flip.first_score:.3f} \N{RIGHTWARDS ARROW} {flip.second_score:.3f};"
        f" {right} model right</figcaption></figure>"
    )


def _thumbnail(photo: str, folder: Path | None) -> str:
    if folder is None:
        return ""
    try:
        square = centre_square(read_photo(folder / photo, for_size_px=SIDE_PX))
    except PhotoError as error:
        return f"<p>{escape(str(error))}</p>"
    encoded = io.BytesIO()
    Image.fromarray(resize(square, SIDE_PX)).save(encoded, "JPEG", quality=85)
    content = base64.b64encode(encoded.getvalue()).decode()
    return f'<img alt="" width="{SIDE_PX}" src="data:image/jpeg;base64,{content}">'
