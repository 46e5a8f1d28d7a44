"""Train one of the networks on the photos of a manifest.

Run: python training/train.py --manifest data/fanconic.csv --network cnn64 \
    --augmentation strong --out runs/cnn64
"""

import datetime
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if not __package__:
    # Started as a file: Python put training/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.evaluation.metrics import roc_auc
from edge_runtime.files.atomic import write_text
from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.terminal.command_parser import from_keywords
from edge_runtime.terminal.exit_status import exit_status
from training.errors import HopelessModelError, TrainingError
from training.fitting.chance import no_better_than_chance, what_to_do
from training.fitting.learning_curves import plot_curves
from training.fitting.record import (
    RECORD_FORMAT,
    TrainingRecord,
    commit_in_words,
    file_sha256,
    tool_versions,
)
from training.fitting.settings import Settings, parse
from training.fitting.sources import in_words, validation_metrics
from training.framework import start_keras

if TYPE_CHECKING:
    import keras


def train(**options: Any) -> Path:
    """Train a network as ``lesion-edge train`` does; returns the model's path.

        train(manifest="data/fanconic.csv", network="cnn64", out="runs/cnn64")

    Args:
        options: those of the command, with underscores.

    Raises:
        UsageError: when there is no such option, or a value will not do.
        EdgeRuntimeError: when the manifest or the folder does not fit, or training
            fails.
    """
    return trained(from_keywords(parse, options))


def trained(settings: Settings) -> Path:
    """Train, save model, record and curves; returns the model's path.

    Raises:
        HopelessModelError: when all is written, but the network is no better than
            chance on the validation photos.
        EdgeRuntimeError: when the manifest or the folder does not fit, or training
            fails.
    """
    started = time.perf_counter()
    model_path = settings.out / "model.keras"
    if model_path.exists():
        raise TrainingError(
            f"{model_path} is there already. Remove it, or choose another --out."
        )
    if settings.start is not None and not (settings.start / "model.keras").is_file():
        raise TrainingError(
            f"--start: {settings.start / 'model.keras'} is missing; expected the folder"
            " of a finished run"
        )
    photos = read_manifest(settings.manifest)
    for split in ("train", "val"):
        if len({photo.malignant for photo in photos_of(photos, split)}) < 2:
            raise TrainingError(
                f"{settings.manifest} needs malignant and benign photos in its"
                f" {split} split"
            )
    _claim_folder(settings)
    print(
        f"writes model.keras, training.json and curves.png into {settings.out}",
        file=sys.stderr,
    )
    try:
        start_keras()
        from training.fitting.cycles import fit_branches, validation_photos
        from training.fitting.loop import scores_of

        fits, model = fit_branches(settings, photos)
    except EdgeRuntimeError:
        _leave_folder(settings.out)
        raise
    validation = validation_photos(settings, photos)
    scores = scores_of(model, validation.inputs)
    by_source = validation.by_source(scores)
    record = TrainingRecord(
        format=RECORD_FORMAT,
        network=settings.network,
        settings=settings.as_json(),
        manifest_sha256=file_sha256(settings.manifest),
        commit=commit_in_words(),
        tools=tool_versions(),
        machine=f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        finished=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        seconds=round(time.perf_counter() - started, 1),
        n_train=len(photos_of(photos, "train")),
        n_val=len(validation.labels),
        parameters=model.count_params(),
        history=[[asdict(result) for result in fitted.history] for fitted in fits],
        best_epochs=[fitted.best_epoch for fitted in fits],
        validation={
            "auc": roc_auc(validation.labels, scores),
            **validation_metrics(by_source),
        },
    )
    record.write(settings.out / "training.json")
    plot_curves([fitted.history for fitted in fits], settings.out / "curves.png")
    _save_whole(model, model_path)
    for checkpoint in settings.out.glob("checkpoint*.npz"):
        checkpoint.unlink()
    print(in_words(by_source), file=sys.stderr)
    if (found := no_better_than_chance(by_source)) is not None:
        epochs = [len(fitted.history) for fitted in fits]
        advice = what_to_do(record.n_train, epochs, validation.labels)
        raise HopelessModelError(
            f"{model_path} is written, but is no better than chance: {found}. {advice}"
        )
    return model_path


def _claim_folder(settings: Settings) -> None:
    """Note the settings in the folder, or check that they are those noted there."""
    path = settings.out / "settings.json"
    asked = settings.as_json()
    if path.exists():
        try:
            noted = dict(json.loads(path.read_text(encoding="utf-8")))
        except ValueError:
            noted = {}
        other = [
            name for name in {**noted, **asked} if noted.get(name) != asked.get(name)
        ]
        if other:
            told = "; ".join(
                f"{name} was {noted.get(name, 'not given')}, now"
                f" {asked.get(name, 'not given')}"
                for name in other
            )
            raise TrainingError(
                f"{settings.out} holds an unfinished run with other settings: {told}."
                " Give those again to resume it, or choose another --out."
            )
    write_text(path, json.dumps(asked, indent=2) + "\n")


def _leave_folder(folder: Path) -> None:
    """Take back the claim where there is nothing to resume."""
    if not any(folder.glob("checkpoint*.npz")):
        (folder / "settings.json").unlink()
        if not any(folder.iterdir()):
            folder.rmdir()


def _save_whole(model: "keras.Model", path: Path) -> None:
    # Keras looks at the suffix, so the temporary name has to keep it.
    temporary = path.with_name(f".{path.name}.partial.keras")
    model.save(temporary)
    temporary.replace(path)


@exit_status(
    stopped="stopped; the run's folder keeps the finished epochs: give the same"
    " command again to resume"
)
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(trained(parse(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
