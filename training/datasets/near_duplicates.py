"""Photos that show the same thing: copies, and copies that were turned or trimmed.

Data sets hold copies of a photo under two names: scaled, recompressed, turned,
mirrored or cut a little closer. Three sieves find them, each slower and finer:

1. a perceptual hash of 63 bits: the signs of the low cosine frequencies against their
   median, compared in all eight orientations by one matrix product for each;
2. correlation of the 32 x 32 pictures in that orientation;
3. correlation of the fine detail (hair, dots, glints) at 128 x 128, at the best shift
   and at slightly different zoom. Two round brown spots agree in the first two sieves;
   they share no detail.

On the 3,297 photos of ``fanconic`` (dermoscopy), pairs of different lesions stay below
0.43 in the third sieve and copies begin at 0.5 (docs/decisions). A copy that lost
more than about a tenth of its side fails the first sieve, and so does another view of
the same lesion: only a data set's own lesion names can join those.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from training.datasets.fine_detail import BLOCK_PHOTOS, SameDetail, turned
from training.datasets.fingerprints import Fingerprint

Floats = NDArray[np.float32]
Candidate = tuple[int, int, int]
"""Two photos' numbers and the orientation that lays the second over the first."""

THUMBNAIL_PX = 32
HASH_BITS = 63
HASH_RADIUS = 14
MIN_THUMBNAIL_CORRELATION = 0.8
ORIENTATIONS = 8
_ROWS_AT_A_TIME = 512


@dataclass(frozen=True)
class DuplicatePair:
    """Two photos of one thing.

    Attributes:
        first: number of the earlier photo.
        second: number of the later one.
        exact: whether the files agree byte for byte.
    """

    first: int
    second: int
    exact: bool


def find_duplicates(
    fingerprints: Sequence[Fingerprint],
    *,
    watch: Callable[[Sequence[Candidate]], Iterable[Candidate]] = iter,
) -> tuple[DuplicatePair, ...]:
    """Find every pair of photos that show the same thing.

    A set of k exact copies gives k - 1 pairs, enough to join them. The time grows
    with the square of the number of photos, though inside matrix products: 3,297
    photos take some 12 s of one x86 core, 33,126 would take some 20 minutes.

    Args:
        fingerprints: one for each photo. Photos without ``grey`` are only compared
            byte for byte.
        watch: wraps the candidates of the last, slowest sieve: a progress bar.
    """
    numbers = defaultdict(list)
    for number, each in enumerate(fingerprints):
        numbers[each.sha256].append(number)
    exact = [pair for same in numbers.values() for pair in pairwise(same)]
    # One of each set of exact copies stands for all of them.
    unique = [same[0] for same in numbers.values()]
    greys = [fingerprints[number].grey for number in unique]
    seen = [index for index, grey in enumerate(greys) if grey is not None]
    near = near_duplicates([grey for grey in greys if grey is not None], watch=watch)
    pairs = [DuplicatePair(first, second, exact=True) for first, second in exact]
    pairs += [
        DuplicatePair(unique[seen[first]], unique[seen[second]], exact=False)
        for first, second in near
    ]
    return tuple(sorted(pairs, key=lambda pair: (pair.first, pair.second)))


def near_duplicates(
    greys: Sequence[NDArray[np.uint8]],
    *,
    watch: Callable[[Sequence[Candidate]], Iterable[Candidate]] = iter,
) -> list[tuple[int, int]]:
    """Pairs of small grey pictures that pass all three sieves; the first is lower.

    Args:
        greys: pictures as :func:`training.datasets.fingerprints.small_grey` makes them.
        watch: wraps the candidates of the last sieve: a progress bar.
    """
    if len(greys) < 2:
        return []
    same = SameDetail(greys)
    candidates = sorted(
        _candidates(_thumbnails(greys)),
        key=lambda each: (
            each[0] // BLOCK_PHOTOS,
            each[1] // BLOCK_PHOTOS,
            each[0],
            each[2],
        ),
    )
    found = {
        (first, second)
        for first, second, orientation in watch(candidates)
        if same(first, second, orientation)
    }
    return sorted(found)


def _thumbnails(greys: Sequence[NDArray[np.uint8]]) -> Floats:
    """Block means with mean 0 and norm 1; ``(n, THUMBNAIL_PX, THUMBNAIL_PX)``."""
    thumbnails = np.empty((len(greys), THUMBNAIL_PX, THUMBNAIL_PX), np.float32)
    for number, grey in enumerate(greys):
        block_px = grey.shape[0] // THUMBNAIL_PX
        blocks = grey.reshape(THUMBNAIL_PX, block_px, THUMBNAIL_PX, block_px)
        thumbnail = blocks.mean(axis=(1, 3), dtype=np.float32)
        thumbnail -= thumbnail.mean()
        # A blank photo has no norm and shall resemble nothing.
        norm = float(np.linalg.norm(thumbnail))
        thumbnails[number] = thumbnail / norm if norm > 1e-3 else 0.0
    return thumbnails


def _hash_signs(thumbnails: Floats) -> Floats:
    """The perceptual hash, as signs +1 and -1; ``(n, HASH_BITS)``."""
    positions = (np.arange(THUMBNAIL_PX) + 0.5) * np.pi / THUMBNAIL_PX
    waves = np.cos(np.arange(8)[:, None] * positions).astype(np.float32)
    low = (waves @ thumbnails @ waves.T).reshape(len(thumbnails), -1)[:, 1:]
    above = low > np.median(low, axis=1, keepdims=True)
    return np.where(above, np.float32(1), np.float32(-1))


def _candidates(thumbnails: Floats) -> list[Candidate]:
    """Pairs that pass the first two sieves, ordered by the first photo."""
    signs = _hash_signs(thumbnails)
    flat = thumbnails.reshape(len(thumbnails), -1)
    found: list[Candidate] = []
    for orientation in range(ORIENTATIONS):
        laid = np.ascontiguousarray(turned(thumbnails, orientation))
        laid_signs, laid_flat = _hash_signs(laid), laid.reshape(len(laid), -1)
        for start in range(0, len(signs), _ROWS_AT_A_TIME):
            # The product of two rows of signs is HASH_BITS - 2 * Hamming distance.
            agreement = signs[start : start + _ROWS_AT_A_TIME] @ laid_signs[start:].T
            first, second = np.nonzero(agreement >= HASH_BITS - 2 * HASH_RADIUS)
            later = second > first
            first, second = first[later] + start, second[later] + start
            likeness = np.einsum("ij,ij->i", flat[first], laid_flat[second])
            alike = likeness >= MIN_THUMBNAIL_CORRELATION
            found += [
                (int(one), int(other), orientation)
                for one, other in zip(first[alike], second[alike], strict=True)
            ]
    return sorted(found)
