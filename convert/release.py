"""Sign a model file as a release that devices take as an update.

Run: python convert/release.py models/cnn64.qat_int8.tflite --version 2
    --key publisher.key --out release

Writes release.json, signed, beside a copy of the model: a folder for any web server.
``--make-key publisher`` writes publisher.key, which never leaves the publisher, and
publisher.pub, which every device gets. Devices run ``python -m edge_runtime update``.
"""

import datetime
import hashlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from edge_runtime.files.atomic import write_bytes, write_text
from edge_runtime.model.file import read_model_file
from edge_runtime.model.golden import check_golden
from edge_runtime.terminal.command_parser import CommandParser
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.update.release import (
    RELEASE_FORMAT,
    RELEASE_NAME,
    Release,
    RollbackTarget,
    numbers_of,
    opened_with,
    signed,
)
from edge_runtime.verdict import NOTICE
from edge_runtime.version import VERSION

DAYS = 90
"""How long a release may be taken for new; a device that asks daily has time."""


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
    rollback_to: Path | None


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line words into settings, or exit with a usage message."""
    parser = CommandParser(
        description="Sign a model file as a release (Ed25519), or make a pair of keys."
        " Research and education; not a medical device.",
        epilog="exit status: 0 done; 1 an error; 2 wrong usage; 4 the file does not"
        " give its golden vectors here.",
    )
    parser.add_argument("file", type=Path, nargs="?", help="a .tflite file with a card")
    parser.add_argument(
        "--make-key", type=Path, metavar="NAME", help="write NAME.key and NAME.pub"
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
        "--rollback-to",
        type=Path,
        metavar="FOLDER",
        help="folder of the release to go back to, should this one be withdrawn",
    )
    words = parser.parse_args(arguments)
    needed = (words.file, words.version, words.key, words.out)
    if (words.make_key is None) != all(each is not None for each in needed):
        parser.error("give FILE, --version, --key and --out; or --make-key alone")
    if words.days < 1 or (words.version is not None and words.version < 1):
        parser.error("--days and --version must be at least 1")
    try:
        numbers_of(words.minimum_runtime)
    except ValueError as error:
        parser.error(f"--minimum-runtime: {error}")
    return Settings(**vars(words))


def make_key(name: Path) -> tuple[Path, Path]:
    """Write a private and a public key; returns their paths.

    Raises:
        ConversionError: when one of them is there already.
    """
    private, public = name.with_suffix(".key"), name.with_suffix(".pub")
    for path in (private, public):
        if path.exists():
            raise ConversionError(f"{path} is there already; choose another name")
    key = Ed25519PrivateKey.generate()
    private.parent.mkdir(parents=True, exist_ok=True)
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
        GateError: when it does not give its golden vectors on this machine.
        ConversionError: when the key, or the release to go back to, cannot be used.
    """
    if None in (settings.file, settings.version, settings.key, settings.out):
        raise ValueError("file, version, key and out are needed")
    file = read_model_file(Path(str(settings.file)))
    differences = check_golden(file)
    if differences:
        raise GateError(
            f"{settings.file} does not give its golden vectors here: {differences[0]}."
            " Nothing was signed."
        )
    key, out = _private_key(Path(str(settings.key))), Path(str(settings.out))
    content = file.path.read_bytes()
    version = int(settings.version or 0)
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
        threshold_probability=file.card.threshold.probability,
        created=now.isoformat(timespec="seconds"),
        expires=(now + datetime.timedelta(days=settings.days)).isoformat(
            timespec="seconds"
        ),
        rollback=_rollback(settings.rollback_to, version, key),
    )
    write_bytes(out / made.file, content)
    # Last: whoever sees it finds the file that it names.
    write_text(out / RELEASE_NAME, signed(made, key))
    return made


def _rollback(folder: Path | None, version: int, key: Any) -> RollbackTarget | None:
    if folder is None:
        return None
    try:
        content = (folder / RELEASE_NAME).read_bytes()
    except OSError as error:
        raise ConversionError(f"--rollback-to: {error}") from error
    before = opened_with(content, [key.public_key()])
    if before.version >= version:
        raise ConversionError(
            f"--rollback-to is release {before.version}, not older than {version}"
        )
    return RollbackTarget(before.version, before.sha256)


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
