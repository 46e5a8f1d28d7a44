"""The zip archive that a model file carries behind its FlatBuffer.

TFLite metadata keeps a model's associated files this way: a FlatBuffer is read from
its start and a zip from its end, so both fit into one file and any unzip program opens
it (https://ai.google.dev/edge/litert/conversion/tensorflow/metadata). The writer here
has one form for given members: uncompressed, in order, without dates. So the same
model always gives the same bytes, and a reader that packs what it unpacked and
compares sees every flipped bit, also those that no checksum covers.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

# Field by field as in section 4.3 of PKWARE's APPNOTE 6.3.10: signature, versions,
# flags, method (0: stored), time and date (1 January 1980), CRC-32, sizes, lengths.
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION, _FLAGS, _METHOD, _TIME, _DATE = 20, 0, 0, 0, 0x21
_MADE_BY = 3 << 8 | _VERSION
_FILE_MODE = 0o100644 << 16


def pack(members: Mapping[str, bytes], offset: int) -> bytes:
    """The archive of ``members``, to be appended to a file of ``offset`` bytes."""
    local, central = b"", b""
    for name, content in members.items():
        title = name.encode("ascii")
        common = (_FLAGS, _METHOD, _TIME, _DATE, zlib.crc32(content))
        sizes = (len(content), len(content), len(title), 0)
        central += _CENTRAL.pack(
            b"PK\1\2", _MADE_BY, _VERSION, *common, *sizes, 0, 0, 0, _FILE_MODE,
            offset + len(local),
        ) + title  # fmt: skip
        local += _LOCAL.pack(b"PK\3\4", _VERSION, *common, *sizes) + title + content
    count = len(members)
    place = (len(central), offset + len(local))
    return local + central + _END.pack(b"PK\5\6", 0, 0, count, count, *place, 0)


def unpack(
    content: bytes, largest_bytes: Mapping[str, int]
) -> tuple[int, dict[str, bytes]]:
    """Where the archive at the end of ``content`` starts, and its members.

    Args:
        content: a whole file that ends in an archive written by ``pack``.
        largest_bytes: the names the archive must have, in order, and how large each
            member may be.

    Raises:
        ValueError: when there is no such archive, or it differs in any bit from what
            ``pack`` writes for the members it holds.
    """
    try:
        start, members = _read(content, largest_bytes)
    # What zipfile raises on damaged archives, ValueError among it.
    except (
        zipfile.BadZipFile,
        OSError,
        EOFError,
        RuntimeError,
        ValueError,
        struct.error,
    ) as error:
        problem = str(error) or type(error).__name__
        raise ValueError(f"the appended zip cannot be read ({problem})") from error
    if content[start:] != pack(members, start):
        raise ValueError("the appended zip is damaged, or was changed by another tool")
    return start, members


def _read(
    content: bytes, largest_bytes: Mapping[str, int]
) -> tuple[int, dict[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        if names != [*largest_bytes]:
            raise ValueError(
                f"expected the members {[*largest_bytes]}, got {names!r:.200}"
            )
        for entry in entries:
            _check_size(entry, largest_bytes[entry.filename])
        members = {entry.filename: archive.read(entry) for entry in entries}
    return entries[0].header_offset, members


def _check_size(entry: zipfile.ZipInfo, largest_bytes: int) -> None:
    if entry.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{entry.filename} is compressed; expected it stored")
    if entry.file_size > largest_bytes or entry.compress_size != entry.file_size:
        raise ValueError(
            f"{entry.filename} claims {entry.file_size} bytes;"
            f" at most {largest_bytes} are expected"
        )
