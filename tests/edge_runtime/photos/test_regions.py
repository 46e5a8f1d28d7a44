"""Regions against a fill that goes from cell to cell."""

import numpy as np
import pytest

from edge_runtime.photos.regions import regions_of


def _filled(inside):
    """Sets of cells that hang together by their edges, in the order of the first."""
    left = {tuple(cell) for cell in np.argwhere(inside).tolist()}
    while left:
        start = min(left)
        region, ahead = set(), [start]
        while ahead:
            row, column = cell = ahead.pop()
            if cell in left:
                left.remove(cell)
                region.add(cell)
                ahead += [(row + 1, column), (row - 1, column)]
                ahead += [(row, column + 1), (row, column - 1)]
        yield region


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4, 0.6, 0.9, 1.0])
@pytest.mark.parametrize("shape", [(64, 64), (5, 9), (1, 1)])
def test_regions_are_those_of_a_fill_from_cell_to_cell(share, shape):
    rng = np.random.default_rng(7)
    for _ in range(5):
        inside = rng.random(shape) < share
        depth = rng.integers(0, 7000, shape)
        found = list(regions_of(inside, depth))
        expected = list(_filled(inside))
        assert len(found) == len(expected)
        for region, cells in zip(found, expected, strict=True):
            of_runs = {
                (row, column)
                for row, first, end in region.runs
                for column in range(first, end)
            }
            assert of_runs == cells
            assert region.cells == len(cells)
            assert region.depth == sum(int(depth[cell]) for cell in cells)
            assert region.rows == sum(row for row, _ in cells)
            assert region.row_squares == sum(row * row for row, _ in cells)
            assert region.columns == sum(column for _, column in cells)
            assert region.column_squares == sum(column**2 for _, column in cells)
