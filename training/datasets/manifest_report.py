"""What a new manifest holds, in words for the person who made it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from edge_runtime.photos.manifest import SPLITS
from training.datasets.near_duplicates import DuplicatePair

Row = Mapping[str, str]


def report(rows: Sequence[Row], pairs: Sequence[DuplicatePair]) -> str:
    """Counts by split and class, duplicates, and overlaps, as lines of text."""
    lines = [f"{'split':<6}{'malignant':>10}{'benign':>10}{'photos':>10}{'groups':>10}"]
    for split in (*SPLITS, "all"):
        chosen = [row for row in rows if split in (row["split"], "all")]
        malignant = _count(chosen, lambda row: row["label"] == "malignant")
        groups = len({row["lesion"] for row in chosen})
        lines.append(
            f"{split:<6}{malignant:>10,}{len(chosen) - malignant:>10,}"
            f"{len(chosen):>10,}{groups:>10,}"
        )
    sources = [row.get("source", "") for row in rows]
    if len(set(sources)) > 1:
        lines += _by_source(rows)
    exact = sum(pair.exact for pair in pairs)
    lines.append(
        f"pairs of duplicates: {exact:,} of identical files,"
        f" {len(pairs) - exact:,} of near copies"
    )
    across = [pair for pair in pairs if sources[pair.first] != sources[pair.second]]
    if len(set(sources)) > 1:
        lines.append(f"of these, across sources: {len(across):,}")
    marked = [row for row in rows if row["lesion_in_train"] == "1"]
    malignant = _count(marked, lambda row: row["label"] == "malignant")
    lines.append(
        f"test photos whose lesion is also in train: {len(marked):,}"
        f" ({malignant:,} malignant), marked lesion_in_train=1"
    )
    lines.append("Research and education; not a medical device.")
    return "\n".join(lines)


def _by_source(rows: Sequence[Row]) -> Iterator[str]:
    """Photos by source, split and label, as lines of a table."""
    names = dict.fromkeys(row["source"] for row in rows)
    width = max(len("source"), *map(len, names))
    counts = Counter((row["source"], row["split"], row["label"]) for row in rows)
    heads = "".join(f"{split:>9}{'':>9}" for split in SPLITS)
    yield f"{'':<{width}}{heads}"
    yield f"{'source':<{width}}" + f"{'malignant':>9}{'benign':>9}" * len(SPLITS)
    for name in names:
        cells = "".join(
            f"{counts[name, split, label]:>9,}"
            for split in SPLITS
            for label in ("malignant", "benign")
        )
        yield f"{name:<{width}}{cells}"


def moves(
    rows: Sequence[Row], given: Sequence[str], kept: Sequence[bool]
) -> Iterator[str]:
    """Photos that are not in the split which their data set gave them.

    Args:
        rows: the manifest's.
        given: the split that the data set gave; "" for none.
        kept: whether it is a manifest's. From another's training photos validation and
            test photos may have been drawn, which is no contradiction.
    """
    moved: dict[tuple[str, str, str], list[str]] = {}
    for row, split, fixed in zip(rows, given, kept, strict=True):
        if split and split != row["split"] and (fixed or split != "train"):
            key = (row["source"], split, row["split"])
            moved.setdefault(key, []).append(row["path"])
    for (source, split, now), paths in moved.items():
        yield (
            f"{len(paths)} photos of {source} moved from {split} to {now}, where their"
            f" lesion or a copy is too, such as {paths[0]}"
        )


def notes(rows: Sequence[Row], pairs: Sequence[DuplicatePair]) -> Iterator[str]:
    """What the person should look at: contradictions that were left as they are."""
    joined = [(rows[pair.first], rows[pair.second]) for pair in pairs]
    contradicting = [
        (one, other) for one, other in joined if one["label"] != other["label"]
    ]
    if contradicting:
        yield (
            f"pairs of duplicates that carry both labels: {len(contradicting)}, such as"
            f" {_named(contradicting)}"
        )
    apart = [(one, other) for one, other in joined if one["lesion"] != other["lesion"]]
    if apart:
        yield (
            "pairs of duplicates with two lesion names in the data set's own manifest:"
            f" {len(apart)}, such as {_named(apart)}"
        )
    leaking = [pair for pair in apart if _leaks(*pair)]
    if leaking:
        photos = {
            row["path"] for pair in leaking for row in pair if row["split"] != "train"
        }
        yield (
            f"photos outside train that are unmarked copies of training photos:"
            f" {len(photos)}, such as {_named(leaking)}; --layout folders groups anew"
        )
    for split in dict.fromkeys(row["split"] for row in rows):
        labels = {row["label"] for row in rows if row["split"] == split}
        if len(labels) == 1:
            yield f"all photos in {split} are {labels.pop()}"
    in_val = {row["lesion"] for row in rows if row["split"] == "val"}
    shared = _count(
        rows, lambda row: row["split"] == "test" and row["lesion"] in in_val
    )
    if shared:
        yield f"test photos whose lesion is also in val: {shared}"


def _leaks(one: Row, other: Row) -> bool:
    """Whether the pair joins train to another split, and no mark says so."""
    splits = {one["split"], other["split"]}
    marked = "1" in (one["lesion_in_train"], other["lesion_in_train"])
    return "train" in splits and len(splits) == 2 and not marked


def _count(rows: Sequence[Row], claim: Callable[[Row], bool]) -> int:
    return sum(claim(row) for row in rows)


def _named(pairs: Sequence[tuple[Row, Row]]) -> str:
    one, other = pairs[0]
    return f"{one['path']} and {other['path']}"
