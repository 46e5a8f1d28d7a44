"""Where in a photo the lesion lies, and whether it fills enough of the judged square.

A model learnt from photos that a lesion fills to a third or more. Shown a lesion that
is small in its square, or a square beside it, it answers with confidence, and wrongly.
So the lesion is looked for, by its colour alone: it absorbs more light than the skin
around it, whatever the skin's tone. The threshold is Otsu's (1979,
doi:10.1109/TSMC.1979.4310076).

Whole numbers are counted with wherever a threshold or a region depends on them, so that
the pages, which do the same in JavaScript, find the same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge_runtime.photos.crop import CENTRE, LEAST_SIDE, Crop
from edge_runtime.photos.decoding import PhotoSource, read_photo, read_picture
from edge_runtime.photos.preprocessing import as_picture
from edge_runtime.photos.quality import FRAMING, Finding
from edge_runtime.photos.regions import Region, regions_of

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

# Rows and columns of the four corners, one cell inwards.
_CORNERS = (1, LOCATE_PX - 2)


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
    best, best_weight = None, 0.0
    for region in regions_of(depth > threshold, depth):
        weight = region.depth * _trust(region)
        if weight > best_weight:
            best, best_weight = region, weight
    if best is None or best.cells < 4:
        return None
    x, width = _extent(best.cells, best.columns, best.column_squares)
    y, height = _extent(best.cells, best.rows, best.row_squares)
    return Lesion(x, y, width, height, best.depth / best.cells / 9)


def _depths(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How much darker than the skin each cell is, summed over its 3 x 3 neighbours."""
    levels = pixels.astype(np.int64)
    outside = _lens_rim(_over_colours(levels))
    skin = _skin(levels)
    if outside.any():
        inside = np.sort(levels[~outside], axis=0)
        skin = np.broadcast_to(inside[len(inside) * 7 // 10], levels.shape)
    below = _over_colours(np.maximum(skin - levels, 0))
    below[outside] = 0
    return _added_up(below)


def _over_colours(levels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sum of the three; several times faster than ``numpy.sum`` of a short axis."""
    total: NDArray[np.int64] = levels[..., 0] + levels[..., 1]
    total += levels[..., 2]
    return total


def _added_up(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each cell with its eight neighbours; at the edge the edge counts again."""
    return _with_neighbours(_with_neighbours(cells).T).T


def _with_neighbours(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each cell with those above and below."""
    total = cells.copy()
    total[1:] += cells[:-1]
    total[:-1] += cells[1:]
    total[0] += cells[0]
    total[-1] += cells[-1]
    return total


def _lens_rim(light: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The black that a round lens leaves in the corners, with its blurred edge."""
    outside = np.zeros((LOCATE_PX, LOCATE_PX), bool)
    for region in regions_of(light < _BLACK, light):
        if region.cells > _LEAST_RIM and _in_corner(region):
            for row, first, end in region.runs:
                outside[row, first:end] = True
    if not outside.any():
        return outside
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
    middle = len(levels) // 2
    return np.asarray(np.partition(levels, middle, axis=0)[middle])


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
        if not above:
            break
        if not below:
            continue
        apart = below_places * above - (all_places - below_places) * below
        variance = apart * apart / (below * above)
        if variance > best_variance:
            best, best_variance = place, variance
    return (best + 1) * step - 1


def _trust(region: Region) -> float:
    """How much a region is to be taken for the lesion, by where it lies.

    People aim at a lesion; the dark rim of a lens lies in the corners.
    """
    n = LOCATE_PX
    down, across = (
        (2 * total - region.cells * (n - 1)) / (region.cells * n)
        for total in (region.rows, region.columns)
    )
    trust = 1 / (1 + 4 * (down * down + across * across))
    return trust / 10 if _in_corner(region) else trust


def _in_corner(region: Region) -> bool:
    return any(
        first <= column < end
        for row, first, end in region.runs
        if row in _CORNERS
        for column in _CORNERS
    )


def _extent(count: int, total: int, squares: int) -> tuple[float, float]:
    """Middle and size, as shares; hairs and specks at the edge weigh little.

    Four standard deviations: of an even disc, the diameter.

    Args:
        count: of the cells.
        total: of their rows, or columns.
        squares: of the same.
    """
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
