"""Draw the synthetic photos of samples/: nobody's skin, no data set.

Run: python -m training.synthetic.samples --out samples --seed 0
"""

import argparse
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge_runtime.files.atomic import write_bytes
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from training.synthetic.lesions import draw_lesion

EXIF_ORIENTATION = 0x0112
TURNED_LEFT = 6
"""EXIF's word for pixels stored a quarter turn left of how they are to be shown."""


@dataclass(frozen=True)
class Drawing:
    """One drawn photo of a lesion.

    Attributes:
        offset: added to the seed; another number is another lesion.
        skin_tone: Fitzpatrick's type, 1 to 6.
        irregular: whether the lesion is drawn malignant-like.
        extra: ``""``, ``"hair"``, ``"shadow"`` or ``"ruler"``.
    """

    offset: int
    skin_tone: int
    irregular: bool
    extra: str = ""

    @property
    def name(self) -> str:
        """File name without its ending, such as ``drawn_tone2_even_hair``."""
        border = "irregular" if self.irregular else "even"
        words = ["drawn", f"tone{self.skin_tone}", border, self.extra]
        return "_".join(word for word in words if word)

    def image(self, seed: int, *, size_px: int = 256) -> NDArray[np.uint8]:
        """Draw it; RGB, shape ``(size_px, size_px, 3)``."""
        return draw_lesion(
            seed * 1000 + self.offset,
            size_px=size_px,
            skin_tone=self.skin_tone,
            malignant_like=self.irregular,
            hair=self.extra == "hair",
            shadow=self.extra == "shadow",
            ruler=self.extra == "ruler",
        )


DRAWINGS = (
    Drawing(11, 1, irregular=False),
    Drawing(11, 1, irregular=True),
    Drawing(12, 2, irregular=False, extra="hair"),
    Drawing(22, 2, irregular=True),
    Drawing(23, 3, irregular=False, extra="shadow"),
    Drawing(13, 3, irregular=True),
    Drawing(14, 4, irregular=False, extra="ruler"),
    Drawing(24, 4, irregular=True, extra="hair"),
    Drawing(25, 5, irregular=False),
    Drawing(25, 5, irregular=True),
    Drawing(26, 6, irregular=False),
    Drawing(16, 6, irregular=True),
)
TINY = Drawing(31, 2, irregular=False, extra="tiny")
TINY_PX = 24
ROTATED = Drawing(32, 3, irregular=True, extra="rotated")


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    out: Path
    seed: int


def samples(seed: int) -> dict[str, bytes]:
    """Every sample's file name and content; the same seed gives the same pixels."""
    files = {f"{each.name}.png": png(each.image(seed)) for each in DRAWINGS}
    files[f"{TINY.name}.png"] = png(TINY.image(seed, size_px=TINY_PX))
    files[f"{ROTATED.name}.jpg"] = rotated_jpeg(ROTATED.image(seed)[32:-32])
    files["blank_unusable.png"] = png(np.full((256, 256, 3), 128, np.uint8))
    return files


def png(image: NDArray[np.uint8]) -> bytes:
    """The image as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="PNG", optimize=True)
    return file.getvalue()


def rotated_jpeg(image: NDArray[np.uint8]) -> bytes:
    """A JPEG stored a quarter turn to the left, whose EXIF tag says so.

    Phones write such files. A reader that obeys the tag shows ``image`` upright.
    """
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = TURNED_LEFT
    file = io.BytesIO()
    Image.fromarray(np.rot90(image)).save(file, format="JPEG", quality=92, exif=exif)
    return file.getvalue()


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Draw the synthetic photos of samples/.",
        formatter_class=Defaults,
    )
    parser.add_argument(
        "--out", type=Path, default=Path("samples"), help="folder for the photos"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="another number draws other lesions"
    )
    options = parser.parse_args(arguments)
    if options.seed < 0:
        parser.error(f"--seed must be 0 or more; got {options.seed}")
    return Settings(options.out, options.seed)


def draw_samples(settings: Settings) -> None:
    """Write every sample into the folder, each whole or not at all."""
    settings.out.mkdir(parents=True, exist_ok=True)
    for name, content in samples(settings.seed).items():
        write_bytes(settings.out / name, content)
        print(settings.out / name)


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    try:
        draw_samples(parse(arguments))
    except OSError as error:
        print(f"error: cannot write the samples: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
