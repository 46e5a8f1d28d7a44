"""Whole JPEG pictures out of a stream of bytes, whatever lies between them.

rpicam-vid, ffmpeg and network cameras all send JPEG after JPEG; HTTP puts a few header
lines between. A picture is followed marker by marker (ITU-T T.81, annex B), since its
first FF D9 may belong to the thumbnail in its EXIF segment.
"""

import re

# A 64-megapixel JPEG of high quality has about 30 MB. More is no picture.
LARGEST_FRAME_BYTES = 48 * 2**20

_START = b"\xff\xd8\xff"
# In the coded data FF 00 is a stuffed FF, FF D0..D7 restarts, FF FF a fill byte.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
# Between and after scans: tables and the number of lines (annex B.2). Anything else is
# damage there, and what looks like its length could reach far into the next pictures.
_AFTER_A_SCAN = frozenset((0xC4, _SOS, 0xDB, 0xDC, 0xDD))
_FIRST_SEGMENT = 2


class JpegSplitter:
    """Cuts a stream into pictures; garbage and halves are skipped and counted.

    Attributes:
        damaged: pictures that began and did not end as they should.
    """

    def __init__(self, largest_bytes: int = LARGEST_FRAME_BYTES) -> None:
        """Start before the first byte of a stream."""
        self.damaged = 0
        self._largest_bytes = largest_bytes
        self._held = bytearray()
        self._begun = False
        self._place = 0
        self._in_coded = False
        self._scanned = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the stream's next bytes; returns the pictures they complete."""
        self._held += chunk
        pictures: list[bytes] = []
        while self._begun or self._begin():
            end = self._end()
            if end is None:
                if len(self._held) > self._largest_bytes:
                    self._give_up(_FIRST_SEGMENT)
                    continue
                break
            if end > 0:
                pictures.append(bytes(self._held[:end]))
                del self._held[:end]
                self._begun = False
        return pictures

    def finish(self) -> None:
        """The stream has ended: what is left is half a picture."""
        self.damaged += self._begun
        self._held.clear()
        self._begun = False

    def _begin(self) -> bool:
        start = self._held.find(_START)
        if start < 0:
            # The last two bytes may be the first of the next start.
            del self._held[: max(0, len(self._held) - (len(_START) - 1))]
            return False
        del self._held[:start]
        self._begun, self._place = True, _FIRST_SEGMENT
        self._in_coded = self._scanned = False
        return True

    def _end(self) -> int | None:
        """Where the picture ends; None: not here yet; 0: it never will."""
        while True:
            if self._in_coded and not self._skip_coded():
                return None
            marker = self._marker()
            if marker is None:
                return None
            if marker == _EOI:
                return self._place + 2
            if marker in (0, _SOI):
                # No marker where one must be, or the next picture in this one.
                return self._give_up(self._place if marker else _FIRST_SEGMENT)
            if self._scanned and marker not in _AFTER_A_SCAN:
                return self._give_up(self._place)
            length = int.from_bytes(
                self._held[self._place + 2 : self._place + 4], "big"
            )
            if len(self._held) < self._place + 2 + max(length, 2):
                return None
            self._place += 2 + length
            self._in_coded = marker == _SOS
            self._scanned |= self._in_coded

    def _skip_coded(self) -> bool:
        found = _MARKER.search(self._held, self._place)
        if found is None:
            self._place = max(self._place, len(self._held) - 1)
            return False
        self._place, self._in_coded = found.start(), False
        return True

    def _marker(self) -> int | None:
        """The marker at this place, 0 when there is none, None: not here yet."""
        while self._held[self._place : self._place + 2] == b"\xff\xff":
            self._place += 1
        if len(self._held) < self._place + 2:
            return None
        if self._held[self._place] != 0xFF:
            return 0
        return self._held[self._place + 1]

    def _give_up(self, resume: int) -> int:
        self.damaged += 1
        del self._held[:resume]
        self._begun = False
        return 0
