"""No lesion, patient or photo of the real data stands on both sides of a split."""

import csv
import hashlib
import os
from collections import defaultdict
from pathlib import Path

import pytest

NAMED = os.environ.get("LESION_EDGE_FANCONIC")
DATA = Path(NAMED).parent if NAMED else None
pytestmark = pytest.mark.skipif(
    DATA is None or not any(DATA.glob("*/manifest.csv")),
    reason="the real photos are not here; LESION_EDGE_FANCONIC names fanconic's folder",
)
# A copy that a folder says of itself is used once, in fanconic (SOURCES.md).
TWIN = "twin_in_fanconic"

# BCN20000 gives one lesion two names, twice; of the second pair the labels contradict
# each other: five test photos that are also learnt from. No more may come.
KNOWN_COPIES = {
    frozenset({"BCN_0004816", "BCN_0001604"}),
    frozenset({"BCN_0000237", "BCN_0003560"}),
}


@pytest.fixture(scope="module")
def rows():
    """Every row of every source, with ``file`` and ``folder``, without told copies."""
    found = []
    for manifest in sorted(DATA.glob("*/manifest.csv")):
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                if not row.get(TWIN):
                    row |= {"file": manifest.parent / row["path"]}
                    found.append(row | {"folder": manifest.parent.name})
    return found


def _leaks(rows, key):
    """Groups with photos to learn from and photos to judge by, unless marked."""
    sides = defaultdict(set)
    for row in rows:
        group = key(row)
        marked = row["split"] == "test" and row["lesion_in_train"] == "1"
        if group and not marked:
            sides[group].add(row["split"])
    return {
        group: splits
        for group, splits in sides.items()
        if ("train" in splits and len(splits) > 1) or {"val", "test"} <= splits
    }


def test_there_are_several_sources(rows):
    assert len({row["folder"] for row in rows}) > 1
    assert len(rows) > 10_000


@pytest.mark.parametrize(
    "key",
    [
        lambda row: row["lesion"],
        lambda row: row.get("patient") and f"{row['folder']} {row['patient']}",
        lambda row: row.get("isic_id"),
    ],
    ids=["lesion", "patient", "ISIC photo"],
)
def test_nothing_learnt_from_is_judged_by_in_any_source(rows, key):
    assert not _leaks(rows, key)


def test_no_other_photo_is_there_twice_byte_by_byte_on_two_sides(rows):
    photos = defaultdict(list)
    for row in rows:
        photos[hashlib.sha256(row["file"].read_bytes()).hexdigest()].append(row)
    copies = [same for same in photos.values() if len(same) > 1]
    leaking = [same for same in copies if _leaks(same, lambda row: "one photo")]
    lesions = {frozenset(row["lesion"] for row in same) for same in leaking}
    assert lesions == KNOWN_COPIES


def test_a_told_copy_names_a_photo_of_fanconic_that_is_learnt_from():
    with (DATA / "fanconic" / "manifest.csv").open(encoding="utf-8") as file:
        split = {row["path"]: row["split"] for row in csv.DictReader(file)}
    twins = set()
    for manifest in DATA.glob("*/manifest.csv"):
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            twins |= {row.get(TWIN) or "" for row in csv.DictReader(file)}
    twins -= {""}
    assert twins
    assert {split.get(twin, "missing") for twin in twins} == {"train"}


def test_a_leak_is_found():
    row = {"split": "train", "lesion_in_train": "0", "lesion": "a"}
    assert _leaks([row, row | {"split": "val"}], lambda x: x["lesion"])
    assert _leaks([row, row | {"split": "test"}], lambda x: x["lesion"])
    marked = row | {"split": "test", "lesion_in_train": "1"}
    assert not _leaks([row, marked], lambda x: x["lesion"])
