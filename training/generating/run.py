"""The way from a manifest to generated photos: train, draw, drop copies, write."""

import datetime
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_runtime.files.atomic import write_text
from edge_runtime.photos.manifest import LabelledPhoto, photos_of
from edge_runtime.photos.neighbours import (
    COPY_QUANTILE,
    nearest,
    quantiles,
    small,
)
from edge_runtime.photos.preprocessing import load_pixels
from edge_runtime.terminal.progress import duration, time_left
from training.errors import TrainingError
from training.fitting.record import commit_in_words, tool_versions
from training.generating.checkpoint import Epoch, restore, save
from training.generating.conditions import Asked, Conditions, conditions_of
from training.generating.generators import GENERATORS, SIZE_PX, Generator
from training.generating.photos import (
    MANIFEST,
    description,
    file_name,
    row,
    write_photo,
    write_tables,
)

CHECKPOINT, RECORD = "checkpoint.npz", "generator.json"
DRAWN_AT_ONCE = 32
_TOLD_EVERY_S = 60.0
_NOISE_STREAM = 8
"""So that no photo's noise is an epoch's."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Run:
    """What is asked for.

    Attributes:
        method: a key of ``GENERATORS``.
        epochs: passes over the training photos, those of earlier calls counted in.
        seed: of weights, batches and photos.
        out: the run's folder; receives ``photos/`` or ``photos_like_NAME/``.
        photos: how many are drawn; copies among them are dropped.
        like_source: the source whose look all photos are to have.
    """

    method: str
    epochs: int
    seed: int
    out: Path
    photos: int
    like_source: str | None = None

    @property
    def folder(self) -> Path:
        """Of the photos."""
        like = f"_like_{self.like_source}" if self.like_source else ""
        return self.out / f"photos{like}"


def photos_generated(run: Run, photos: Sequence[LabelledPhoto]) -> Path:
    """Train what is not trained yet and draw; the path of the table of photos.

    Args:
        run: what is asked for.
        photos: of a manifest; the train split is learnt, the val split says how near
            real photos are to it.

    Returns:
        The run's record where no photo is asked for.

    Raises:
        TrainingError: when a checkpoint is another generator's, or a loss is no number.
    """
    keras.utils.set_random_seed(run.seed)
    train = photos_of(photos, "train")
    conditions = conditions_of(train)
    asked = conditions.drawn(run.photos, run.seed, run.like_source)
    generator = GENERATORS[run.method](SIZE_PX, conditions.width, run.seed)
    history = restore(run.out / CHECKPOINT, generator.networks)
    todo = len(history) < run.epochs
    pixels = _decoded(train) if todo or run.photos else np.empty(0, np.uint8)
    if todo:
        _learn(run, generator, history, pixels, conditions.of(train))
        _write_record(run, generator, history, train, conditions)
    if not run.photos:
        return run.out / RECORD
    generator.average()
    drawn = _drawn(run, generator, conditions, asked)
    real = _decoded(photos_of(photos, "val"))
    return _written(run, conditions, asked, drawn, train, (pixels, real))


def _decoded(photos: Sequence[LabelledPhoto]) -> Pixels:
    """As the runtime shows them to a model; shape ``(n, SIZE_PX, SIZE_PX, 3)``."""
    shown = tqdm(photos, desc="decode", unit="photo", disable=None)
    return np.stack([load_pixels(photo.path, SIZE_PX) for photo in shown])


def _learn(
    run: Run,
    generator: Generator,
    history: list[Epoch],
    pixels: Pixels,
    told: NDArray[np.float32],
) -> None:
    """Train up to ``run.epochs``; a checkpoint and a line after each epoch."""
    begun, start_s = len(history), time.monotonic()
    if begun:
        print(f"resuming after epoch {begun} of {run.epochs}", file=sys.stderr)
    for number in range(begun + 1, run.epochs + 1):
        # Layers have random streams of their own, whose state the checkpoint holds.
        rng = np.random.default_rng([run.seed, number])
        epoch = _epoch(generator, pixels, told, rng, f"epoch {number} of {run.epochs}")
        history.append(Epoch(number, *epoch))
        save(run.out / CHECKPOINT, generator.networks, history)
        left = time_left(number - begun, run.epochs - begun, time.monotonic() - start_s)
        losses = ", ".join(f"{k} {x:.4f}" for k, x in history[-1].losses.items())
        tqdm.write(
            f"epoch {number} of {run.epochs}, {left}: {losses};"
            f" {duration(history[-1].seconds)},"
            f" {1e3 * history[-1].processor_seconds / len(pixels):.1f} ms of one core"
            " a photo",
            file=sys.stderr,
        )


def _epoch(
    generator: Generator,
    pixels: Pixels,
    told: NDArray[np.float32],
    rng: np.random.Generator,
    name: str,
) -> tuple[float, float, dict[str, float]]:
    """One pass; returns seconds, processor seconds and mean losses."""
    start_s, start_processor_s = time.perf_counter(), time.process_time()
    size = min(generator.batch_size, len(pixels))
    order = rng.permutation(len(pixels))
    starts = range(0, len(order) - size + 1, size)
    sums: dict[str, float] = {}
    told_s = start_s
    for place, start in enumerate(starts):
        chosen = order[start : start + size]
        losses = generator.learn(_turned(pixels[chosen], rng), told[chosen], rng)
        for key, loss in losses.items():
            sums[key] = sums.get(key, 0.0) + loss
            if not np.isfinite(loss):
                raise TrainingError(f"{name}: the loss {key} became {loss}")
        if (now_s := time.perf_counter()) - told_s > _TOLD_EVERY_S:
            told_s = now_s
            left = time_left(place + 1, len(starts), now_s - start_s)
            tqdm.write(f"{name}: {left} in this epoch", file=sys.stderr)
    return (
        round(time.perf_counter() - start_s, 1),
        round(time.process_time() - start_processor_s, 1),
        {key: value / len(starts) for key, value in sums.items()},
    )


def _turned(pixels: Pixels, rng: np.random.Generator) -> NDArray[np.float32]:
    """Right angles and mirror images, in [-1, 1]: a lesion has no upper side."""
    turned = [
        np.rot90(photo[:, ::-1] if mirrored else photo, int(quarter))
        for photo, quarter, mirrored in zip(
            pixels,
            rng.integers(4, size=len(pixels)),
            rng.random(len(pixels)) < 0.5,
            strict=True,
        )
    ]
    return np.stack(turned).astype(np.float32) / np.float32(127.5) - np.float32(1)


def _write_record(
    run: Run,
    generator: Generator,
    history: Sequence[Epoch],
    train: Sequence[LabelledPhoto],
    conditions: Conditions,
) -> None:
    record = {
        "method": run.method,
        "seed": run.seed,
        "epochs": len(history),
        "hours": round(sum(epoch.seconds for epoch in history) / 3600, 3),
        "processor_hours": round(
            sum(epoch.processor_seconds for epoch in history) / 3600, 3
        ),
        "parameters": sum(each.count_params() for each in generator.networks),
        "n_train": len(train),
        "sources": {
            name: {"benign": int(benign), "malignant": int(malignant)}
            for name, (benign, malignant) in zip(
                conditions.sources, conditions.counts, strict=True
            )
        },
        "commit": commit_in_words(),
        "tools": tool_versions(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "history": [asdict(epoch) for epoch in history],
    }
    write_text(run.out / RECORD, json.dumps(record, indent=2) + "\n")


def _drawn(
    run: Run, generator: Generator, conditions: Conditions, asked: Asked
) -> Pixels:
    """Photos from noise; each depends on the seed and its number alone."""
    told = conditions.vectors(asked)
    parts = []
    starts = range(0, run.photos, DRAWN_AT_ONCE)
    for start in tqdm(starts, desc="draw", unit="batch", disable=None):
        part = told[start : start + DRAWN_AT_ONCE]
        noise = [
            np.random.default_rng(
                [run.seed, start + place, _NOISE_STREAM]
            ).standard_normal(generator.noise_shape, np.float32)
            for place in range(len(part))
        ]
        parts.append(generator.draw(np.stack(noise), part))
    levels: NDArray[np.float32] = (np.concatenate(parts) + 1) * np.float32(127.5)
    return np.rint(levels).clip(0, 255).astype(np.uint8)


def _written(
    run: Run,
    conditions: Conditions,
    asked: Asked,
    drawn: Pixels,
    train: Sequence[LabelledPhoto],
    learnt_and_real: tuple[Pixels, Pixels],
) -> Path:
    """Files of all photos but copies, their neighbours and their table."""
    learnt, real = (small(part) for part in learnt_and_real)
    of_real, found = nearest(real, learnt), nearest(small(drawn), learnt)
    bound = float(np.quantile(of_real.distance, COPY_QUANTILE))
    rows = []
    for number, pixels in enumerate(drawn):
        if found.distance[number] < bound:
            continue
        label = "malignant" if asked.malignant[number] else "benign"
        source = conditions.sources[asked.source[number]]
        name = file_name(run.method, run.seed, number)
        told = description(run.method, run.seed, number, label, source)
        write_photo(run.folder / name, pixels, told)
        rows.append(row(name, run.method, label, source))
    dropped = len(drawn) - len(rows)
    if not rows:
        raise TrainingError(
            f"all {dropped} photos are copies of training photos; nothing is written."
            " Train on more photos, or for fewer epochs"
        )
    path = write_tables(
        run.folder,
        rows,
        {
            "distance": "nearest training photo at 16 px, any right angle or mirror"
            " image, root mean square, levels of 255",
            "copy_below": bound,
            "copy_quantile": COPY_QUANTILE,
            "drawn": len(drawn),
            "dropped": dropped,
            "real": quantiles(of_real.distance),
            "generated": quantiles(found.distance),
            "nearest": [
                {
                    "photo": each["path"],
                    "training_photo": train[int(found.index[number])].path.name,
                    "distance": round(float(found.distance[number]), 3),
                }
                for each in rows
                for number in [int(Path(each["path"]).stem.rpartition("_")[2])]
            ],
        },
    )
    print(f"{len(rows)} photos, {dropped} copies dropped", file=sys.stderr)
    return path


def manifest_of(run: Run) -> Path:
    """The table of photos that a run writes."""
    return run.folder / MANIFEST
