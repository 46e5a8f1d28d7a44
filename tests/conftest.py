"""What tests of every package share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root():
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def fanconic():
    """Folder of the real photos and their ``manifest.csv``; without them, skip.

    The photos are not part of the project (their licence allows no copies here):
    point ``LESION_EDGE_FANCONIC`` at them.
    """
    named = os.environ.get("LESION_EDGE_FANCONIC")
    folder = Path(named) if named else ROOT / "../shared/data/fanconic"
    if (folder / "manifest.csv").is_file():
        return folder.resolve()
    if named:
        pytest.fail(f"LESION_EDGE_FANCONIC={named}, but no manifest.csv lies there")
    pytest.skip("real photos are absent; set LESION_EDGE_FANCONIC to their folder")
