"""Photos beside each other in one picture."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.generated.photo_sets import PhotoSet

COLUMNS = 10
ROWS_A_LABEL = 2
_GAP_PX = 2


def grid(photos: PhotoSet) -> bytes:
    """A JPEG picture: benign photos above, malignant ones below, the first of each."""
    halves = [
        photos.pixels[photos.malignant == label][: COLUMNS * ROWS_A_LABEL]
        for label in (0, 1)
    ]
    rows = [row for half in halves for row in _rows(half)]
    content = io.BytesIO()
    Image.fromarray(np.concatenate(rows)).save(content, format="JPEG", quality=88)
    return content.getvalue()


def _rows(pixels: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    side = pixels.shape[1] + _GAP_PX
    canvas = np.full((ROWS_A_LABEL * COLUMNS, side, side, 3), 255, np.uint8)
    canvas[: len(pixels), _GAP_PX:, _GAP_PX:] = pixels
    return [
        np.concatenate(list(canvas[start : start + COLUMNS]), axis=1)
        for start in range(0, len(canvas), COLUMNS)
    ]
