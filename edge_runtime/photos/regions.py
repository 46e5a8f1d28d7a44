"""Cells of a small picture that hang together, with sums over them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Region:
    """Cells that hang together by their edges, as sums over them.

    Attributes:
        runs: row, first column and the one after the last, of cells side by side.
        cells: how many.
        depth: of all cells.
        rows: of all cells, added up; also their squares, and the same of columns.
    """

    runs: tuple[tuple[int, int, int], ...]
    cells: int
    depth: int
    rows: int
    row_squares: int
    columns: int
    column_squares: int

    @classmethod
    def of(
        cls, runs: tuple[tuple[int, int, int], ...], sums: list[list[int]]
    ) -> "Region":
        """Add up runs; ``sums`` holds each row's depths up to every column."""
        cells = depth = rows = row_squares = columns = column_squares = 0
        for row, first, end in runs:
            count = end - first
            cells += count
            depth += sums[row][end] - sums[row][first]
            rows += row * count
            row_squares += row * row * count
            columns += (first + end - 1) * count // 2
            column_squares += squares_before(end) - squares_before(first)
        return cls(runs, cells, depth, rows, row_squares, columns, column_squares)


def regions_of(inside: NDArray[np.bool_], depth: NDArray[np.int64]) -> Iterator[Region]:
    """Regions in the order of their first cells, row by row.

    Cells side by side are taken together: a picture has some hundred such runs where it
    has thousands of cells, and Python's time goes by steps.

    Args:
        inside: which cells count; shape ``(height, width)``.
        depth: of each cell; whole numbers; of the same shape.
    """
    if not inside.any():
        return
    height, width = inside.shape
    framed = np.zeros((height, width + 2), np.int8)
    framed[:, 1:-1] = inside
    turns = np.diff(framed, axis=1)
    rows, firsts = np.nonzero(turns == 1)
    runs = list(
        zip(
            rows.tolist(),
            firsts.tolist(),
            np.nonzero(turns == -1)[1].tolist(),
            strict=True,
        )
    )
    sums = np.zeros((height, width + 1), np.int64)
    np.cumsum(depth, axis=1, out=sums[:, 1:])
    up_to = sums.tolist()
    for members in _together(runs):
        yield Region.of(tuple(runs[number] for number in members), up_to)


def _together(runs: list[tuple[int, int, int]]) -> Iterator[list[int]]:
    """Numbers of the runs that touch those of the row above, region by region."""
    parent = list(range(len(runs)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    above = 0
    for number, (row, first, end) in enumerate(runs):
        # Runs before this one end in an earlier row, or left of it in the row above.
        while runs[above][0] < row - 1 or (
            runs[above][0] == row - 1 and runs[above][2] <= first
        ):
            above += 1
        other = above
        while runs[other][0] == row - 1 and runs[other][1] < end:
            one, two = root(other), root(number)
            parent[max(one, two)] = min(one, two)
            other += 1
    found: dict[int, list[int]] = {}
    for number in range(len(runs)):
        found.setdefault(root(number), []).append(number)
    yield from found.values()


def squares_before(end: int) -> int:
    """Squares of all whole numbers from 0 to ``end - 1``, added up.

    >>> squares_before(4)
    14
    """
    return (end - 1) * end * (2 * end - 1) // 6
