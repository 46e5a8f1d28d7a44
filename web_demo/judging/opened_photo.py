"""One uploaded photo of a request: checked and decoded once, whatever asks for it."""

import contextlib
import threading
from collections.abc import Iterator

from PIL import Image

from edge_runtime.photos.crop import CENTRE, Crop
from edge_runtime.photos.decoding import decode_scale, read_picture
from edge_runtime.photos.envelope import JPEG, Envelope
from edge_runtime.photos.lesion_locator import LOCATE_PX, suggested
from edge_runtime.photos.preprocessing import cut
from web_demo.judging.uploads import Upload, envelope_of

# A photo that takes more is decoded alone: two at once would be twice the memory.
MAX_SHARED_BYTES = 64_000_000

_large_photo = threading.Lock()


class OpenedPhoto:
    """A photo with the square that is judged of it.

    Attributes:
        name: of the file.
        crop: which square is judged.
    """

    def __init__(self, photo: Upload, envelope: Envelope, crop: Crop | None) -> None:
        """Take a checked photo; see ``opened``."""
        self.name = photo.name
        self._content = photo.content
        self._envelope = envelope
        # By the scale at which a JPEG was decoded.
        self._pictures: dict[int, Image.Image] = {}
        self.crop = crop or CENTRE
        if crop is None:
            self.crop = suggested(self._picture(LOCATE_PX))

    def square(self, size_px: int) -> Image.Image:
        """The judged square, decoded for a model of that input.

        Raises:
            PhotoError: when the photo cannot be read.
        """
        return cut(self._picture(size_px), self.crop)

    def _picture(self, size_px: int) -> Image.Image:
        found = self._envelope
        scale = 1
        if found.kind == JPEG:
            scale = decode_scale(found.width, found.height, size_px, self.crop.side)
        if scale not in self._pictures:
            self._pictures[scale] = read_picture(
                self._content, for_size_px=size_px, side=self.crop.side, name=self.name
            )
        return self._pictures[scale]


@contextlib.contextmanager
def opened(photo: Upload, crop: Crop | None = CENTRE) -> Iterator[OpenedPhoto]:
    """A photo, as long as its request needs it.

    Args:
        photo: as it was sent.
        crop: the square to judge; None has a lesion looked for.

    Raises:
        PhotoError: when the photo cannot be read, or is refused unread.
    """
    envelope = envelope_of(photo)
    large = envelope.pixels * envelope.bytes_per_pixel > MAX_SHARED_BYTES
    # Most of a large JPEG is never decoded, unless its coefficients are all held.
    if envelope.kind == JPEG and envelope.in_one_go and crop in (CENTRE, None):
        large = False
    with _large_photo if large else contextlib.nullcontext():
        yield OpenedPhoto(photo, envelope, crop)
