"""The verb ``update``: a newer model from its publisher, or the old one back."""

import argparse
import datetime
import hashlib
import os
from pathlib import Path

from edge_runtime.errors import (
    EdgeRuntimeError,
    SelfTestError,
    SettingsError,
    UpdateError,
)
from edge_runtime.model.file import ModelFile, read_model_file
from edge_runtime.model.golden import check_golden
from edge_runtime.site_calibration.file import site_path
from edge_runtime.terminal.logs import error as log_error
from edge_runtime.terminal.native_log import without_info_lines
from edge_runtime.update.installing import (
    alone,
    install,
    install_first,
    recover,
    undone,
)
from edge_runtime.update.release import (
    LARGEST_RELEASE_BYTES,
    RELEASE_NAME,
    Release,
    numbers_of,
    opened,
    refuse_untimely,
)
from edge_runtime.update.source import read_from
from edge_runtime.update.state import State, previous_path, read_state
from edge_runtime.verdict import NOTICE
from edge_runtime.version import VERSION

DETAILS = """\
Reads release.json from --from, an address or a folder, and believes it only if one of
the keys signed it, it has not expired, is newer than anything that was ever in place,
is of the same network and for this version of the package. The new file must pass its
golden vectors on this device before and after it is put in place; else the old one
stays, or comes back. The old one is kept as MODEL.previous: --rollback puts it back;
the release that was left is not taken again, a newer one is. A service takes the new
file on SIGHUP.

Where no file is in place yet, the first one is installed the same way:
  lesion-edge update --model model.tflite --from https://example.org/release \\
      --key publisher.pub

Needs cryptography: pip install "./edge_runtime[update]".

exit status: 0 installed, updated, or nothing to take; 1 refused, nothing was changed;
2 wrong usage; 4 the new model failed its self-test here, the old one is in place.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--model", type=Path, required=True, help="the file in place")
    parser.add_argument("--from", dest="place", help="address or folder of releases")
    parser.add_argument(
        "--key",
        type=Path,
        action="append",
        help="Ed25519 public key of a publisher (PEM); may be repeated",
    )
    parser.add_argument(
        "--rollback", action="store_true", help="put the file before this one back"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be done, change nothing"
    )


def run(options: argparse.Namespace) -> int:
    """Update or roll back; returns the exit status."""
    _refuse_unclear(options)
    with without_info_lines():
        try:
            _refuse_no_place(options.model)
            with alone(options.model):
                back = options.rollback
                said = _rolled_back(options.model) if back else _updated(options)
        except SelfTestError as error:
            log_error(str(error))
            return 4
    print(f"{said} ({NOTICE})")
    return 0


def _refuse_unclear(options: argparse.Namespace) -> None:
    if options.rollback and options.place:
        raise SettingsError(
            "--from takes a newer file, --rollback the one before: give one of them"
        )
    if not options.rollback and not options.place:
        raise SettingsError(
            "say where releases are (--from ADDRESS_OR_FOLDER --key PUBLISHER.pub), or"
            " go back to the file before (--rollback)"
        )
    if options.place and not options.key:
        raise SettingsError(
            "--from needs the publisher's public key: give --key PUBLISHER.pub. Only a"
            " release that this key signed is believed; whoever publishes made it with"
            " 'python convert/release.py --make-key PUBLISHER'"
        )


def _refuse_no_place(model: Path) -> None:
    """Find out before the slow part that no file can be put there.

    Raises:
        UpdateError: when it cannot.
    """
    if model.exists() and not model.is_file():
        raise UpdateError(f"{model} is no file; give the path of the model file")
    folder = model.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UpdateError(
            f"{folder} is no folder that may be written to: a new model is written"
            " beside the old one. Make it, or run as the user it belongs to."
        )


def _updated(options: argparse.Namespace) -> str:
    first = not options.model.exists()
    state = None if first else recover(options.model, self_test)
    content = read_from(options.place, RELEASE_NAME, LARGEST_RELEASE_BYTES)
    release = opened(content, options.key)
    refuse_untimely(release, datetime.datetime.now(datetime.UTC))
    if state is None:
        return _installed_first(options, release)
    if was_left(release, state):
        return (
            f"release {release.version} of {release.model} was in place or tried here"
            f" before and was left; release {state.current.version} stays, and a newer"
            " release will be taken"
        )
    if _is_in_place(release, state):
        return f"release {release.version} of {release.model} is in place already"
    refuse_unfit(release, state, read_model_file(options.model))
    _refuse_site_file(options.model)
    if options.dry_run:
        return f"release {release.version} of {release.model} would be installed"
    model = read_from(options.place, release.file, release.file_bytes)
    _refuse_other_content(release, model)

    def check(path: Path) -> None:
        self_test(path, release)

    install(options.model, model, release.version, check)
    return f"release {release.version} of {release.model} is in place"


def _installed_first(options: argparse.Namespace, release: Release) -> str:
    _refuse_newer_runtime(release)
    if options.dry_run:
        return f"release {release.version} of {release.model} would be installed"
    model = read_from(options.place, release.file, release.file_bytes)
    _refuse_other_content(release, model)
    install_first(
        options.model, model, release.version, lambda path: self_test(path, release)
    )
    return f"release {release.version} of {release.model} is in place, the first one"


def was_left(release: Release, state: State) -> bool:
    """Whether the release was once in place or tried here, and another one is now."""
    return state.current.version < release.version <= state.highest_version


def self_test(path: Path, release: Release | None = None) -> None:
    """Try a model file on this device.

    Raises:
        SelfTestError: when it does not do here what it promises, or its card is not
            what the release says.
    """
    try:
        file = read_model_file(path)
        differences = check_golden(file)
    except EdgeRuntimeError as error:
        raise SelfTestError(f"the new model cannot be used here: {error}") from error
    if differences:
        raise SelfTestError(
            f"the new model gives other answers here than where it was made:"
            f" {differences[0]} ({len(differences)} in all). The old one is in place."
        )
    card = file.card
    if release is not None and (card.network, card.name, card.threshold.score) != (
        release.network,
        release.model,
        release.threshold_score,
    ):
        raise SelfTestError(
            f"the release speaks of {release.model} with threshold"
            f" {release.threshold_score}; the file is {card.name} with"
            f" {card.threshold.score}. The old one is in place."
        )


def refuse_unfit(release: Release, state: State, in_place: ModelFile) -> None:
    """Say no to a release that is older, another network's or for a newer runtime.

    Raises:
        UpdateError: when this device must not install it.
    """
    if release.version <= max(state.highest_version, state.current.version):
        raise UpdateError(
            f"release {release.version} is not newer than"
            f" {max(state.highest_version, state.current.version)}, which was in place"
            " or failed here: an old release served again. Nothing was changed."
        )
    if release.network != in_place.card.network:
        raise UpdateError(
            f"release {release.version} is of {release.network}, in place is"
            f" {in_place.card.network}. Install another network by hand."
        )
    _refuse_newer_runtime(release)


def _refuse_newer_runtime(release: Release) -> None:
    if numbers_of(release.minimum_runtime) > numbers_of(VERSION):
        raise UpdateError(
            f"release {release.version} needs version {release.minimum_runtime} of this"
            f" package; installed is {VERSION}. Update the package first."
        )


def _is_in_place(release: Release, state: State) -> bool:
    return (release.version, release.sha256) == (
        state.current.version,
        state.current.sha256,
    )


def _refuse_other_content(release: Release, model: bytes) -> None:
    found = hashlib.sha256(model).hexdigest()
    if len(model) != release.file_bytes or found != release.sha256:
        raise UpdateError(
            f"{release.file} has {len(model)} bytes with SHA-256 {found}; the release"
            f" promises {release.file_bytes} with {release.sha256}. It was cut short or"
            " changed on the way. Nothing was changed; try again."
        )


def _refuse_site_file(model: Path) -> None:
    if site_path(model).exists():
        raise UpdateError(
            f"{site_path(model)} holds this site's own threshold, found with the model"
            " in place; a new model needs a new one. Move it away, update, and run"
            " calibrate again."
        )


def _rolled_back(model: Path) -> str:
    if not model.exists():
        raise UpdateError(f"{model}: there is no model file to go back from")
    state = read_state(model)
    if state.announced is not None:
        state = recover(model, self_test)
    if state.previous is None:
        raise UpdateError(f"{previous_path(model)}: nothing is there to go back to")
    _refuse_site_file(model)
    back = undone(model, state)
    return f"back on release {back.current.version}, as before"
