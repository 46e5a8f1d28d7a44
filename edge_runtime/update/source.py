"""Where a release comes from: a folder, or a web server.

Neither is trusted: sizes are bounded here, everything else is for the signature.
"""

import http.client
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from edge_runtime.errors import UpdateError

_TIMEOUT_S = 30


def read_from(place: str, name: str, most_bytes: int) -> bytes:
    """One file of a release.

    Args:
        place: an http or https address without the file's name, or a folder.
        name: of the file there.
        most_bytes: more than this is an error.

    Raises:
        UpdateError: when it cannot be fetched, is cut short or too large.
    """
    scheme = urllib.parse.urlsplit(place).scheme
    where = f"{place.rstrip('/')}/{name}"
    try:
        if scheme in ("http", "https"):
            content = _downloaded(where, most_bytes)
        else:
            with (Path(place) / name).open("rb") as file:
                content = file.read(most_bytes + 1)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise UpdateError(
            f"{where} cannot be fetched: {error}. Nothing was changed; try again later."
        ) from error
    if len(content) > most_bytes:
        raise UpdateError(f"{where} is larger than {most_bytes} bytes; not taken")
    return content


def _downloaded(address: str, most_bytes: int) -> bytes:
    request = urllib.request.Request(address, headers={"Cache-Control": "no-cache"})
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
        content: bytes = answer.read(most_bytes + 1)
        promised = answer.headers.get("Content-Length")
    # read() with a size gives what there is when the other side hangs up.
    if promised is not None and len(content) < min(int(promised), most_bytes + 1):
        raise OSError(f"cut short after {len(content)} of {promised} bytes")
    return content
