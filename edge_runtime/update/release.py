"""A signed statement about one model file: what it is, and until when it may be new.

``release.json`` is an envelope: the statement as base64 text and an Ed25519 signature
of exactly these bytes, so that no reader has to agree with the writer on how JSON is
laid out. Nothing of it is believed before the signature is.
"""

import base64
import binascii
import datetime
import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_runtime.errors import UpdateError
from edge_runtime.files.strict_json import build, parse, to_json

RELEASE_FORMAT = 2
RELEASE_NAME = "release.json"
LARGEST_RELEASE_BYTES = 2**16

# In front of what is signed, so that no signature of another kind fits.
_PURPOSE = b"lesion-edge release 1\n"

# A clock this far behind the release was never set; a Pi has none without network.
_CLOCK_TOLERANCE = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Release:
    """What a publisher says about one model file.

    Attributes:
        format: version of this layout.
        notice: what the model is not.
        network: the card's; a device takes updates of its own network only.
        model: the card's name.
        version: counts up; a device never goes down by itself.
        file: name of the model file beside ``release.json``.
        file_bytes: its size.
        sha256: of the whole file.
        minimum_runtime: oldest version of this package that can run it.
        threshold_score: the card's, so that a notice can show it before a download.
        created: date and time, ISO 8601, UTC.
        expires: after this nobody may take it for new.
    """

    format: int
    notice: str
    network: str
    model: str
    version: int
    file: str
    file_bytes: int
    sha256: str
    minimum_runtime: str
    threshold_score: float
    created: str
    expires: str

    def __post_init__(self) -> None:
        """Refuse fields that cannot be."""
        if self.version < 1:
            raise ValueError(f"version must be at least 1; got {self.version}")
        if Path(self.file).name != self.file or self.file.startswith("."):
            raise ValueError(f"file must be a plain name; got {self.file!r}")
        for time in (self.created, self.expires):
            if datetime.datetime.fromisoformat(time).tzinfo is None:
                raise ValueError(f"times need a time zone; got {time!r}")
        numbers_of(self.minimum_runtime)


@dataclass(frozen=True)
class _Envelope:
    format: int
    payload: str
    signature: str


def signed(release: Release, private_key: Any) -> str:
    """The text of ``release.json``; ``private_key`` is cryptography's Ed25519 key."""
    payload = to_json(release).encode()
    signature = private_key.sign(_PURPOSE + payload)
    envelope = _Envelope(
        RELEASE_FORMAT,
        base64.b64encode(payload).decode("ascii"),
        base64.b64encode(signature).decode("ascii"),
    )
    return to_json(envelope)


def opened(content: bytes, keys: Iterable[Path]) -> Release:
    """The release inside an envelope that one of the keys signed.

    Args:
        content: of ``release.json``.
        keys: files with Ed25519 public keys, PEM.

    Raises:
        UpdateError: when it is no envelope, nobody known signed it, or a key cannot be
            read.
    """
    return opened_with(content, [_public_key(key) for key in keys])


def opened_with(content: bytes, keys: Iterable[Any]) -> Release:
    """As ``opened``, with keys of cryptography's in place of files.

    Raises:
        UpdateError: when it is no envelope, or nobody known signed it.
    """
    try:
        envelope = build(_Envelope, parse(content.decode("utf-8")), "release.json")
        payload = base64.b64decode(envelope.payload, validate=True)
        signature = base64.b64decode(envelope.signature, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise UpdateError(
            f"{RELEASE_NAME} is not a signed release: {error}. Nothing was changed."
        ) from error
    if not any(_signed_by(key, signature, payload) for key in keys):
        raise UpdateError(
            f"{RELEASE_NAME} was signed by none of the keys given: somebody else's"
            " release, or changed on the way. Nothing was changed."
        )
    try:
        values = parse(payload.decode("utf-8"))
        found = values.get("format") if isinstance(values, dict) else "no object"
        if found != RELEASE_FORMAT:
            raise ValueError(f"expected format {RELEASE_FORMAT}, got {found}")
        release: Release = build(Release, values, "release")
        return release
    except (TypeError, ValueError) as error:
        raise UpdateError(
            f"the release is signed but cannot be read: {error}. Update this package."
        ) from error


def refuse_untimely(release: Release, now: datetime.datetime) -> None:
    """Say no to a release that has expired, or when this clock cannot tell.

    Raises:
        UpdateError: when it may not be taken for new now.
    """
    created = datetime.datetime.fromisoformat(release.created)
    expires = datetime.datetime.fromisoformat(release.expires)
    if now > expires:
        raise UpdateError(
            f"release {release.version} expired at {release.expires}: ask its publisher"
            " for a newer one. An old one may be served to keep this device on it."
        )
    if now < created - _CLOCK_TOLERANCE:
        raise UpdateError(
            f"release {release.version} was made at {release.created}, this clock says"
            f" {now.isoformat(timespec='seconds')}: set the clock, then try again."
        )


def numbers_of(version: str) -> tuple[int, ...]:
    """A version such as ``"0.1.0"`` as numbers that compare.

    >>> numbers_of("0.10.0") > numbers_of("0.9.1")
    True
    """
    try:
        return tuple(int(part) for part in version.split("."))
    except ValueError as error:
        raise ValueError(f"expected numbers with points, got {version!r}") from error


def _signed_by(key: Any, signature: bytes, payload: bytes) -> bool:
    try:
        key.verify(signature, _PURPOSE + payload)
    except _library("exceptions").InvalidSignature:
        return False
    return True


def _public_key(path: Path) -> Any:
    serialization = _library("hazmat.primitives.serialization")
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UpdateError(f"the key {path} cannot be read: {error}") from error
    ed25519 = _library("hazmat.primitives.asymmetric.ed25519")
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise UpdateError(f"the key {path} is no Ed25519 public key")
    return key


def _library(name: str) -> Any:
    """A module of cryptography, which only updates need (extra ``update``)."""
    try:
        return importlib.import_module(f"cryptography.{name}")
    except ImportError as error:
        raise UpdateError(
            f"updates need cryptography ({error}): pip install"
            ' "./edge_runtime[update]" from the checkout, or pip install'
            " 'cryptography>=42' where the runtime is installed"
        ) from error
