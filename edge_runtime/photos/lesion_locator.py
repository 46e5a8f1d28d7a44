"""Where in a photo the lesion lies, and whether it fills enough of the judged square.

A model learnt from photos that a lesion fills to a third or more. Shown a lesion that
is small in its square, or a square beside it, it answers with confidence, and wrongly.
So the lesion is looked for, by its colour alone: it absorbs more light than the skin
around it, whatever the skin's tone. The threshold is Otsu's (1979,
doi:10.1109/TSMC.1979.4310076).

Whole numbers are counted with wherever a threshold or a region depends on them, so that
the pages, which do the same in JavaScript, find the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge_runtime.photos.crop import CENTRE, LEAST_SIDE, Crop
from edge_runtime.photos.decoding import PhotoSource, read_photo, read_picture
from edge_runtime.photos.preprocessing import as_picture
from edge_runtime.photos.quality import FRAMING, Finding

# Photos are looked at in this size, whatever their shape.
LOCATE_PX = 64

# Cells along each edge that count as rim: mostly skin.
_RIM = 5

# Sum of the three colours below which a corner is taken for the rim of a lens, the
# cells that such a rim has at least, and by how many its edge is blurred.
_BLACK = 120
_LEAST_RIM = 12
_BLURRED_CELLS = 3

# Levels by which skin may grow darker from one side to the other.
_STEEPEST = 60

# Levels by which the colours of a lesion's cells lie below the rim's, added up, at
# least: less is the skin's own pattern.
_LEAST_DEPTH = 18

# The suggested square is so many times as large as the lesion: between the median of
# the training photos (1.9), where the model is best, and the closest quarter (1.4).
_MARGIN = 1.6


# The lesion's larger side as a share of the square's. Measured on 600 training photos
# of fanconic: 1 % quantile 0.12, 5 % quantile 0.20, median 0.53.
LITTLE_FILLED, HARDLY_FILLED = 0.2, 0.12

_CORNERS = frozenset(
    row * LOCATE_PX + column
    for row in (1, LOCATE_PX - 2)
    for column in (1, LOCATE_PX - 2)
)


@dataclass(frozen=True)
class Lesion:
    """What stands out from the skin.

    Attributes:
        x: of its middle, as a share of the picture's width.
        y: of its middle, as a share of the height.
        width: as a share of the picture's width; of an even disc its diameter.
        height: as a share of the picture's height.
        depth: levels by which it is darker than the rim, of the three colours together.
    """

    x: float
    y: float
    width: float
    height: float
    depth: float


def located(picture: Image.Image) -> Lesion | None:
    """The largest and darkest region; None where nothing stands out.

    Args:
        picture: RGB.
    """
    # Rows first, then columns: of a tall picture Pillow would take the other way, with
    # other rounding than the pages.
    small = picture.resize((LOCATE_PX, picture.height), Image.Resampling.BILINEAR)
    small = small.resize((LOCATE_PX, LOCATE_PX), Image.Resampling.BILINEAR)
    depth = _depths(np.asarray(small))
    threshold = max(_otsu(depth), 9 * _LEAST_DEPTH)
    best: list[int] = []
    best_sum, best_weight = 0, 0.0
    for region in _regions(depth > threshold):
        total = int(depth.ravel()[region].sum())
        weight = total * _trust(region)
        if weight > best_weight:
            best, best_weight, best_sum = region, weight, total
    if len(best) < 4:
        return None
    rows, columns = np.divmod(np.array(best), LOCATE_PX)
    (x, width), (y, height) = _extent(columns), _extent(rows)
    return Lesion(x, y, width, height, best_sum / len(best) / 9)


def _depths(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How much darker than the skin each cell is, summed over its 3 x 3 neighbours."""
    levels = pixels.astype(np.int64)
    outside = _lens_rim(levels.sum(axis=2))
    skin = _skin(levels)
    if outside.any():
        inside = np.sort(levels[~outside], axis=0)
        skin = np.broadcast_to(inside[len(inside) * 7 // 10], levels.shape)
    below = np.maximum(skin - levels, 0).sum(axis=2)
    below[outside] = 0
    return _added_up(below)


def _added_up(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each cell with its eight neighbours; at the edge the edge counts again."""
    n = LOCATE_PX
    framed = np.pad(cells, 1, mode="edge")
    total: NDArray[np.int64] = np.zeros((n, n), np.int64)
    for row in range(3):
        for column in range(3):
            total += framed[row : row + n, column : column + n]
    return total


def _lens_rim(light: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The black that a round lens leaves in the corners, with its blurred edge."""
    outside = np.zeros((LOCATE_PX, LOCATE_PX), bool)
    for region in _regions(light < _BLACK):
        if len(region) > _LEAST_RIM and not _CORNERS.isdisjoint(region):
            outside.ravel()[region] = True
    for _ in range(_BLURRED_CELLS):
        outside = _added_up(outside.astype(np.int64)) > 0
    # With nothing left inside there is no lens.
    return outside if not outside.all() else np.zeros_like(outside)


def _skin(levels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Skin's colour at each cell: even, or rising evenly across the picture.

    From the middle level of each of the four sides, which a hair or a corner in the
    dark does not move.
    """
    n, last = LOCATE_PX, LOCATE_PX - 1
    strips = (
        levels[:_RIM],
        levels[n - _RIM :],
        levels[:, :_RIM],
        levels[:, n - _RIM :],
    )
    top, bottom, left, right = (_middle(strip.reshape(-1, 3)) for strip in strips)
    # The second brightest side: a lesion or a shadow may darken two.
    level = np.sort([top, bottom, left, right], axis=0)[2]
    down, across = (
        np.clip(after - before, -_STEEPEST, _STEEPEST)
        for before, after in ((top, bottom), (left, right))
    )
    places = (2 * np.arange(n) - last)[:, np.newaxis]
    rise = (down * places)[:, np.newaxis] + (across * places)[np.newaxis]
    return np.asarray(level + rise // (2 * last))


def _middle(levels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The level in the middle of each colour; of an even number the upper one."""
    return np.asarray(np.sort(levels, axis=0)[len(levels) // 2])


def _otsu(depth: NDArray[np.int64]) -> int:
    """The depth that parts the cells best into two kinds."""
    step = 32
    counts = np.bincount(depth.ravel() // step, minlength=256)
    places = np.arange(len(counts))
    cells, all_places = int(counts.sum()), int((counts * places).sum())
    best, best_variance = 0, -1.0
    below = below_places = 0
    for place, count in enumerate(counts.tolist()):
        below += count
        below_places += count * place
        above = cells - below
        if not below or not above:
            continue
        apart = below_places * above - (all_places - below_places) * below
        variance = apart * apart / (below * above)
        if variance > best_variance:
            best, best_variance = place, variance
    return (best + 1) * step - 1


def _regions(inside: NDArray[np.bool_]) -> Iterator[list[int]]:
    """Cells that hang together by their edges, row by row."""
    n = LOCATE_PX
    if not inside.any():
        return
    left = inside.ravel().tolist()
    for start in range(n * n):
        if not left[start]:
            continue
        left[start] = False
        region = [start]
        for cell in region:
            column = cell % n
            for neighbour, exists in (
                (cell - n, cell >= n),
                (cell + n, cell < n * (n - 1)),
                (cell - 1, column > 0),
                (cell + 1, column < n - 1),
            ):
                if exists and left[neighbour]:
                    left[neighbour] = False
                    region.append(neighbour)
        yield region


def _trust(region: list[int]) -> float:
    """How much a region is to be taken for the lesion, by where it lies.

    People aim at a lesion; the dark rim of a lens lies in the corners.
    """
    n = LOCATE_PX
    rows = columns = 0
    for cell in region:
        rows += cell // n
        columns += cell % n
    down, across = (
        (2 * total - len(region) * (n - 1)) / (len(region) * n)
        for total in (rows, columns)
    )
    trust = 1 / (1 + 4 * (down * down + across * across))
    return trust if _CORNERS.isdisjoint(region) else trust / 10


def _extent(places: NDArray[np.int64]) -> tuple[float, float]:
    """Middle and size, as shares; hairs and specks at the edge weigh little.

    Four standard deviations: of an even disc, the diameter.
    """
    count, total = len(places), int(places.sum())
    squares = int((places * places).sum())
    variance = (squares * count - total * total) / (count * count)
    middle = (total / count + 0.5) / LOCATE_PX
    return middle, min(4 * float(np.sqrt(variance)) / LOCATE_PX, 1.0)


def suggested(source: PhotoSource) -> Crop:
    """The square to judge: around the lesion, with some skin; the centre if none.

    Raises:
        PhotoError: when the photo cannot be read.
    """
    if isinstance(source, np.ndarray):
        picture = as_picture(read_photo(source))
    else:
        picture = read_picture(source, for_size_px=LOCATE_PX)
    found = located(picture)
    if found is None:
        return CENTRE
    width, height = picture.size
    short = min(width, height)
    across = max(found.width * width, found.height * height)
    side = min(max(_MARGIN * across / short, LEAST_SIDE), 1.0)
    return Crop(found.x, found.y, side)


def framing_finding(square: Image.Image) -> Finding | None:
    """What speaks against a square in which the lesion is small; None where it is not.

    A square without anything darker than the skin is left to the other findings.

    Args:
        square: the judged one; RGB.
    """
    found = located(square)
    if found is None:
        return None
    filled = max(found.width, found.height)
    if filled >= LITTLE_FILLED:
        return None
    unusable = filled < HARDLY_FILLED
    return Finding(
        FRAMING,
        filled,
        HARDLY_FILLED if unusable else LITTLE_FILLED,
        unusable,
        message=f"the lesion fills only {filled:.0%} of the judged square; frame it"
        " closer, or take the photo from closer",
    )
