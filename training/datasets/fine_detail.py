"""Whether two photos share hairs, dots and glints, not just shape and shade."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]

MIN_CORRELATION = 0.5
"""Copies lie above, other lesions below (docs/decisions)."""

WORTH_ZOOMING = 0.15
"""Below this no zoom helps; nine of ten pairs of different lesions lie there."""

ZOOMS = (1.06, 1.12)
_DETAIL_PX = 5
# The frame that a contact plate leaves, and the width of the square around a pixel in
# which nothing may be black. On 2,309 photos of BCN20000, 606 pairs before were 159
# with them: 151 of 153 pairs of one lesion stayed, 8 of 453 others.
_BLACK, _BESIDE_BLACK_PX = 12, 9
_KEPT_SPECTRA = 8192  # 65 KiB each; see BLOCK_PHOTOS
_KEPT_LAID = 64  # of the photo that is being compared, at all zooms, in all positions

BLOCK_PHOTOS = 2048
"""Photos to compare with as many others before going on: their spectra are kept."""


class SameDetail:
    """Decides whether two of the given photos show the same thing.

    It remembers what it worked out of the photos it compared last: compare a photo
    with many others in a row, and the same others again and again (``BLOCK_PHOTOS``).
    """

    def __init__(self, greys: Sequence[NDArray[np.uint8]]) -> None:
        """Keep the small grey pictures, all of one square size."""
        self._greys = greys
        self._spectrum = lru_cache(_KEPT_SPECTRA)(self._fresh_spectrum)
        self._laid = lru_cache(_KEPT_LAID)(self._fresh_laid)

    def __call__(self, first: int, second: int, orientation: int) -> bool:
        """Whether photo ``second``, laid so, shows what photo ``first`` shows."""
        from_same_distance = self._correlation(first, second, orientation)
        if not WORTH_ZOOMING < from_same_distance < MIN_CORRELATION:
            return from_same_distance >= MIN_CORRELATION
        return any(
            self._correlation(first, second, orientation, zooms) >= MIN_CORRELATION
            for zoom in ZOOMS
            for zooms in ((zoom, 1.0), (1.0, zoom))
        )

    def _correlation(
        self,
        first: int,
        second: int,
        orientation: int,
        zooms: tuple[float, float] = (1.0, 1.0),
    ) -> float:
        # Turning the first back, which is compared many times, spares turning the
        # second; the best of all shifts is the same.
        laid = self._laid(first, zooms[0], orientation)
        return peak(laid * np.conj(self._spectrum(second, zooms[1])))

    def _fresh_laid(
        self, number: int, zoom: float, orientation: int
    ) -> NDArray[np.complexfloating]:
        return turned_back(self._spectrum(number, zoom), orientation)

    def _fresh_spectrum(self, number: int, zoom: float) -> NDArray[np.complexfloating]:
        return np.fft.rfft2(self._fresh_detail(number, zoom))

    def _fresh_detail(self, number: int, zoom: float) -> Floats:
        return fine_detail(zoomed(self._greys[number], zoom))


def turned(pictures: Floats, orientation: int) -> Floats:
    """The pictures in one of the eight orientations of a square.

    Args:
        pictures: squares in the last two axes.
        orientation: quarter turns to the left, plus 4 to mirror them first.
    """
    mirrored = pictures.swapaxes(-1, -2) if orientation >= 4 else pictures
    return np.rot90(mirrored, orientation % 4, axes=(-2, -1))


def turned_back(
    spectrum: NDArray[np.complexfloating], orientation: int
) -> NDArray[np.complexfloating]:
    """The spectrum of the picture that ``turned`` would turn into the given one.

    Turning a picture turns its spectrum, but for a phase that only shifts the picture,
    and the best of all shifts is looked for anyway.

    Args:
        spectrum: half of it, as ``rfft2`` gives it; shape ``(side, side // 2 + 1)``.
        orientation: as for ``turned``.

    Returns:
        Of the same shape.
    """
    if orientation == 0:
        return spectrum
    half = spectrum.shape[1]
    rest = np.conj(_negated(spectrum[:, 1 : half - 1][:, ::-1], rows=True))
    whole = np.concatenate((spectrum, rest), axis=1)
    quarters = orientation % 4
    if quarters % 2:
        # A quarter turn to the left takes (x, y) to (y, -x); this is the way back.
        whole = _negated(whole.T, rows=quarters == 3, columns=quarters == 1)
    elif quarters == 2:
        whole = _negated(whole, rows=True, columns=True)
    return (whole.T if orientation >= 4 else whole)[:, :half]


def _negated(
    spectrum: NDArray[np.complexfloating], *, rows: bool = False, columns: bool = False
) -> NDArray[np.complexfloating]:
    """The spectrum at the frequencies -k in place of k, along the given axes."""
    for axis, wanted in ((0, rows), (1, columns)):
        if wanted:
            spectrum = np.roll(np.flip(spectrum, axis), 1, axis)
    return spectrum


def peak(cross_spectrum: NDArray[np.complexfloating]) -> float:
    """Correlation at the best circular shift, of two pictures of norm 1."""
    return float(np.fft.irfft2(cross_spectrum).max())


def zoomed(grey: NDArray[np.uint8], zoom: float) -> NDArray[np.uint8]:
    """The middle of a square picture, enlarged to its full size."""
    if zoom == 1:
        return grey
    side_px = grey.shape[0]
    margin_px = side_px * (1 - 1 / zoom) / 2
    far_px = side_px - margin_px
    enlarged = Image.fromarray(grey).resize(
        (side_px, side_px),
        Image.Resampling.BILINEAR,
        box=(margin_px, margin_px, far_px, far_px),
    )
    return np.asarray(enlarged)


def fine_detail(grey: NDArray[np.uint8]) -> Floats:
    """What remains of a picture when its blurred self is taken away; norm 1.

    Strong edges are clipped at three standard deviations, so that a hair or the rim
    of a dermatoscope does not outvote the skin, and the borders fade out, since a
    shifted copy ends elsewhere. What is black, and what lies beside it, does not count:
    all photos through one contact plate share its round rim.
    """
    side_px = grey.shape[0]
    values = grey.astype(np.float32)
    detail = values - _box_means(values, _DETAIL_PX)
    black = (grey <= _BLACK).astype(np.float32)
    seen = _box_means(black, _BESIDE_BLACK_PX) == 0
    if not seen.any():
        return np.zeros_like(values)
    limit = 3 * float(detail[seen].std())
    fade = np.hanning(side_px + 2)[1:-1].astype(np.float32)
    faded = np.clip(detail, -limit, limit) * np.outer(fade, fade) * seen
    norm = float(np.linalg.norm(faded))
    shown: Floats = faded / norm if norm > 1e-3 else np.zeros_like(faded)
    return shown


def _box_means(values: Floats, box_px: int) -> Floats:
    """Mean of the ``box_px`` square around each pixel; borders are mirrored."""
    side_px = values.shape[0]
    padded = np.pad(values, box_px // 2, mode="symmetric")
    rows = np.zeros((side_px, padded.shape[1]), np.float32)
    for shift in range(box_px):
        rows += padded[shift : shift + side_px]
    total = np.zeros_like(values)
    for shift in range(box_px):
        total += rows[:, shift : shift + side_px]
    return total / np.float32(box_px * box_px)
