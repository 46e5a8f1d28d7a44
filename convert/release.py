"""Sign a model file as a release that devices take as an update.

Run: python convert/release.py models/cnn64.qat_int8.tflite --version 2
    --key publisher.key --out release

Writes release.json, signed, beside a copy of the model: a folder for any web server.
``--make-key publisher`` writes publisher.key, which never leaves the publisher, and
publisher.pub, which every device gets. Devices run ``python -m edge_runtime update``.
"""

import datetime
import hashlib
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

if not __package__:
    # Started as a file: Python put convert/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from convert.errors import ConversionError, GateError
from convert.kits.site_copy import at_site
from convert.package import add_site_options, site_of
from edge_runtime.files.atomic import write_bytes, write_text
from edge_runtime.model.appended_zip import pack
from edge_runtime.model.card import ModelCard
from edge_runtime.model.evidence import Accuracy, Share
from edge_runtime.model.file import ModelFile, read_model_file
from edge_runtime.model.golden import check_golden
from edge_runtime.site_calibration.file import in_force
from edge_runtime.terminal.command_parser import CommandParser
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.update.release import (
    RELEASE_FORMAT,
    RELEASE_NAME,
    Release,
    numbers_of,
    opened_with,
    signed,
)
from edge_runtime.verdict import NOTICE
from edge_runtime.version import VERSION

DAYS = 90
"""How long a release may be taken for new; a device that asks daily has time."""


DEFAULT_KEY = Path("~/.config/lesion-edge/publisher")
"""Outside any checkout: a signing key must not get into one."""


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    file: Path | None
    make_key: Path | None
    version: int | None
    key: Path | None
    out: Path | None
    days: int
    minimum_runtime: str
    before: Path | None = None
    accept_worse: bool = False
    site: bool | Path = True


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = CommandParser(
        description="Sign a model file as a release (Ed25519), or make a pair of keys."
        " Research and education; not a medical device.",
        epilog="The card's evidence is compared with that of the release before, the"
        " one in --out or --before: AUC, recall and specificity must not have fallen by"
        " more than chance. A device takes a release for new until --days have passed:"
        " sign it anew in time. exit status: 0 done; 1 an error; 2 wrong usage; 4 the"
        " file does not give its golden vectors here, or is worse than the release"
        " before; nothing was signed.",
    )
    parser.add_argument("file", type=Path, nargs="?", help="a .tflite file with a card")
    parser.add_argument(
        "--make-key",
        type=Path,
        nargs="?",
        const=DEFAULT_KEY,
        metavar="NAME",
        help=f"write NAME.key and NAME.pub, outside any repository; {DEFAULT_KEY} if"
        " no name is given",
    )
    parser.add_argument("--version", type=int, help="of the release: 1, 2, 3, ...")
    parser.add_argument("--key", type=Path, help="private key that signs (PEM)")
    parser.add_argument("--out", type=Path, help="folder of the release")
    parser.add_argument(
        "--days",
        type=int,
        default=DAYS,
        help=f"how long it may be taken for new (default {DAYS})",
    )
    parser.add_argument(
        "--minimum-runtime",
        default=VERSION,
        help=f"oldest runtime that can run it (default {VERSION})",
    )
    parser.add_argument(
        "--before",
        type=Path,
        metavar="FOLDER",
        help="folder of the release before; --out, where it holds one, unless given",
    )
    parser.add_argument(
        "--accept-worse",
        action="store_true",
        help="sign it although it is worse than the release before",
    )
    add_site_options(parser)
    options = parser.parse_args(arguments)
    needed = (options.file, options.version, options.key, options.out)
    if (options.make_key is None) != all(each is not None for each in needed):
        parser.error("give FILE, --version, --key and --out; or --make-key alone")
    if options.days < 1 or (options.version is not None and options.version < 1):
        parser.error("--days and --version must be at least 1")
    try:
        numbers_of(options.minimum_runtime)
    except ValueError as error:
        parser.error(f"--minimum-runtime: {error}")
    return Settings(
        file=options.file,
        make_key=options.make_key,
        version=options.version,
        key=options.key,
        out=options.out,
        days=options.days,
        minimum_runtime=options.minimum_runtime,
        before=options.before,
        accept_worse=options.accept_worse,
        site=site_of(options),
    )


def make_key(name: Path) -> tuple[Path, Path]:
    """Write a private and a public key; returns their paths.

    Raises:
        ConversionError: when one of them is there already, or the place belongs to a
            repository, from which a key may be published by mistake.
    """
    name = name.expanduser()
    private, public = name.with_suffix(".key"), name.with_suffix(".pub")
    inside = next(
        (each for each in private.absolute().parents if (each / ".git").exists()), None
    )
    if inside is not None:
        raise ConversionError(
            f"{private} lies in the repository {inside}, where a private key may be"
            f" published by mistake. Name a place outside, such as {DEFAULT_KEY}"
        )
    for path in (private, public):
        if path.exists():
            raise ConversionError(f"{path} is there already; choose another name")
    key = Ed25519PrivateKey.generate()
    private.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    write_bytes(
        public,
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )
    return private, public


def release(settings: Settings, now: datetime.datetime) -> Release:
    """Write the signed release and the model beside it.

    Raises:
        ModelFileError: when the file is missing, damaged or carries no card.
        GateError: when it does not give its golden vectors on this machine, or is
            worse than the release before.
        ConversionError: when the key, or the release before, cannot be used.
    """
    if None in (settings.file, settings.version, settings.key, settings.out):
        raise ValueError("file, version, key and out are needed")
    key, out = _private_key(Path(str(settings.key))), Path(str(settings.out))
    version = int(settings.version or 0)
    _refuse_no_place(out)
    file, place = at_site(read_model_file(Path(str(settings.file))), settings.site)
    print(in_force(file.card) + (f" ({place})" if place else ""))
    _compare(file.card, settings.before, out, version, key, settings.accept_worse)
    differences = check_golden(file)
    if differences:
        raise GateError(
            f"{settings.file} does not give its golden vectors here: {differences[0]}."
            " Nothing was signed."
        )
    content = _content(file, changed=place is not None)
    made = Release(
        format=RELEASE_FORMAT,
        notice=NOTICE,
        network=file.card.network,
        model=file.card.name,
        version=version,
        file=f"{file.card.name}.v{version}.tflite",
        file_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        minimum_runtime=settings.minimum_runtime,
        threshold_score=file.card.threshold.score,
        created=now.isoformat(timespec="seconds"),
        expires=(now + datetime.timedelta(days=settings.days)).isoformat(
            timespec="seconds"
        ),
    )
    write_bytes(out / made.file, content)
    # Last: whoever sees it finds the file that it names.
    write_text(out / RELEASE_NAME, signed(made, key))
    return made


def _refuse_no_place(out: Path) -> None:
    """Find out before the slow part that nothing can be written there."""
    places = (out.absolute(), *out.absolute().parents)
    folder = next(each for each in places if each.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ConversionError(f"{out} cannot be written: {folder} is no place for it")


def _content(file: ModelFile, *, changed: bool) -> bytes:
    """The whole file: as it is, or with the card of a site's operating point."""
    if not changed:
        return file.path.read_bytes()
    members = {
        "card.json": file.card.to_json().encode(),
        "labels.txt": "".join(f"{label}\n" for label in file.labels).encode(),
        "golden.npz": file.golden,
    }
    return file.model + pack(members, len(file.model))


def _compare(
    card: ModelCard,
    before: Path | None,
    out: Path,
    version: int,
    key: Ed25519PrivateKey,
    accept_worse: bool,
) -> None:
    """Hold the card's evidence against that of the release before.

    Raises:
        GateError: when AUC, recall or specificity fell by more than chance.
        ConversionError: when the release before cannot be read, or is not older.
    """
    folder = before or out
    if before is None and not (out / RELEASE_NAME).exists():
        print(f"not compared: {out} holds no release before (--before FOLDER)")
        return
    try:
        old = opened_with((folder / RELEASE_NAME).read_bytes(), [key.public_key()])
    except OSError as error:
        raise ConversionError(f"the release before: {error}") from error
    if old.version >= version:
        raise ConversionError(
            f"the release before, in {folder}, is {old.version}; expected --version"
            f" {old.version + 1} or higher, got {version}"
        )
    theirs = read_model_file(folder / old.file).card
    worse = []
    for ours, former in _pairs(card, theirs):
        print(
            f"{ours.split}: release {old.version} {_figures(former)}; this one"
            f" {_figures(ours)}"
        )
        worse += [f"{name} on {ours.split}" for name in fallen(ours, former)]
    if not _pairs(card, theirs):
        print(f"not compared: release {old.version} was measured on other photos")
    if worse and not accept_worse:
        raise GateError(
            f"{', '.join(worse)} fell against release {old.version} by more than"
            " chance. Nothing was signed; sign it all the same with --accept-worse"
        )


def _pairs(card: ModelCard, before: ModelCard) -> list[tuple[Accuracy, Accuracy]]:
    """Evidence of both cards on the same photos: data set, split and their numbers."""
    if card.data.name != before.data.name:
        return []
    return [
        (ours, theirs)
        for ours in card.accuracy
        for theirs in before.accuracy
        if ours.split == theirs.split
        and (ours.recall.n, ours.specificity.n)
        == (theirs.recall.n, theirs.specificity.n)
    ]


def fallen(now: Accuracy, before: Accuracy) -> list[str]:
    """Names of the figures that fell by more than chance explains.

    The 95 % interval of each difference lies below zero: for shares by Newcombe (1998,
    method 10), for AUC from both intervals. Both take the two results as independent;
    on the same photos they are not, and the true interval is narrower.
    """
    found = [
        name
        for name in ("recall", "specificity")
        if _highest_difference(getattr(now, name), getattr(before, name)) < 0
    ]
    spread = math.hypot(*((each.auc_high - each.auc_low) / 2 for each in (now, before)))
    if now.auc - before.auc + spread < 0:
        found.insert(0, "AUC")
    return found


def _highest_difference(now: Share, before: Share) -> float:
    spread = math.hypot(now.high - now.value, before.value - before.low)
    return now.value - before.value + spread


def _figures(measured: Accuracy) -> str:
    return (
        f"AUC {measured.auc:.3f}, recall {measured.recall.value:.3f}, specificity"
        f" {measured.specificity.value:.3f}"
    )


def _private_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ConversionError(f"the key {path} cannot be read: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConversionError(f"the key {path} is no Ed25519 private key")
    return key


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    settings = parse(arguments)
    if settings.make_key is not None:
        private, public = make_key(settings.make_key)
        print(f"{private}: keep it to yourself; {public}: for every device")
        return 0
    made = release(settings, datetime.datetime.now(datetime.UTC))
    print(
        f"{settings.out}: release {made.version} of {made.model}, until {made.expires}"
        f" ({NOTICE})"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
