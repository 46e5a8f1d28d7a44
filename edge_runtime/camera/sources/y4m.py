"""Y4M recordings: pictures without loss, as ``ffmpeg -pix_fmt yuv420p out.y4m`` writes.

Header, then each frame as planes Y, U, V
(https://wiki.multimedia.cx/index.php/YUV4MPEG2).
"""

from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from edge_runtime.errors import CameraError
from edge_runtime.photos.decoding import MAX_PIXELS

# How much smaller the colour planes are: (across, down), by the name behind C.
_SUBSAMPLING = {
    "420": (2, 2), "420jpeg": (2, 2), "420mpeg2": (2, 2), "420paldv": (2, 2),
    "422": (2, 1), "444": (1, 1), "mono": (0, 0),
}  # fmt: skip
_LONGEST_LINE = 1024

# ITU-R BT.601: R, G, B from Y, Cb, Cr.
_FROM_YCC = np.array(
    [[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]], np.float32
)


@dataclass(frozen=True)
class Y4mHeader:
    """How the frames of a recording lie in its file.

    Attributes:
        width: of a picture, in pixels.
        height: of a picture, in pixels.
        across: pixels for one of the colour planes, side by side; 0: no colour.
        down: pixels for one of the colour planes, one above the other.
        full_range: levels are 0..255; else luma has 16..235 and colour 16..240.
    """

    width: int
    height: int
    across: int
    down: int
    full_range: bool

    @property
    def colour_shape(self) -> tuple[int, int]:
        """Rows and columns of one colour plane."""
        if not self.across:
            return 0, 0
        return -(-self.height // self.down), -(-self.width // self.across)

    @property
    def frame_bytes(self) -> int:
        """Size of one frame's planes together."""
        rows, columns = self.colour_shape
        return self.width * self.height + 2 * rows * columns


def read_header(file: BinaryIO, name: str) -> Y4mHeader:
    """The first line of a recording.

    Raises:
        CameraError: when it is no Y4M file, or of a kind that is not read.
    """
    first, *words = file.readline(_LONGEST_LINE).decode("ascii", "replace").split()[
        :64
    ] or [""]
    fields = {word[0]: word[1:] for word in words if word[0] != "X"}
    extra = {word for word in words if word[0] == "X"}
    kind = fields.get("C", "420jpeg")
    if first != "YUV4MPEG2" or kind not in _SUBSAMPLING:
        raise CameraError(
            f"{name}: expected a Y4M recording of 8 bits ({', '.join(_SUBSAMPLING)}),"
            f" got {first[:20]!r} C{kind}. Convert it: ffmpeg -i IN -pix_fmt yuv420p"
            " OUT.y4m"
        )
    across, down = _SUBSAMPLING[kind]
    # "420jpeg" tells where colour samples lie, not their range.
    full = "XCOLORRANGE=FULL" in extra
    header = Y4mHeader(_size(fields, "W"), _size(fields, "H"), across, down, full)
    if not 0 < header.width * header.height <= MAX_PIXELS:
        raise CameraError(
            f"{name}: {header.width} x {header.height} pixels; expected 1 to"
            f" {MAX_PIXELS:,}. Is the recording damaged?"
        )
    return header


def read_planes(file: BinaryIO, header: Y4mHeader) -> bytes | None:
    """The planes of the next frame; None at the end.

    Raises:
        EOFError: when the recording ends within a frame, or has none where one starts.
    """
    line = file.readline(_LONGEST_LINE)
    if not line:
        return None
    planes = file.read(header.frame_bytes) if line.startswith(b"FRAME") else b""
    if len(planes) < header.frame_bytes:
        raise EOFError
    return planes


def rgb_of_planes(planes: bytes, header: Y4mHeader) -> NDArray[np.uint8]:
    """RGB of shape ``(height, width, 3)`` from one frame's planes."""
    levels = np.frombuffer(planes, np.uint8)
    size = header.width * header.height
    luma = levels[:size].reshape(header.height, header.width)
    rows, columns = header.colour_shape
    if not header.across:
        blue = red = np.full_like(luma, 128)
    else:
        blue, red = (
            plane.reshape(rows, columns)
            .repeat(header.down, 0)
            .repeat(header.across, 1)[: header.height, : header.width]
            for plane in np.split(levels[size:], 2)
        )
    return rgb_of_ycc(luma, blue, red, full_range=header.full_range)


def rgb_of_ycc(
    luma: NDArray[np.uint8],
    blue: NDArray[np.uint8],
    red: NDArray[np.uint8],
    *,
    full_range: bool,
) -> NDArray[np.uint8]:
    """RGB from planes of equal shape, by ITU-R BT.601."""
    ycc = np.stack((luma, blue, red), axis=-1).astype(np.float32)
    ycc[..., 1:] -= 128
    if not full_range:
        ycc[..., 0] = (ycc[..., 0] - 16) * (255 / 219)
        ycc[..., 1:] *= 255 / 224
    rgb: NDArray[np.uint8] = np.rint(ycc @ _FROM_YCC.T).clip(0, 255).astype(np.uint8)
    return rgb


def _size(fields: dict[str, str], letter: str) -> int:
    word = fields.get(letter, "")
    return int(word) if word.isdecimal() and len(word) < 6 else 0
