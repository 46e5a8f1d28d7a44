"""Which square of a photo is judged."""

import math
from dataclasses import dataclass

from edge_runtime.errors import InputError

# A smaller part of a photo shows no lesion that a model could judge.
LEAST_SIDE = 0.02


class CropError(InputError):
    """The square to judge makes no sense."""


@dataclass(frozen=True)
class Crop:
    """A square, in shares, so that it fits a photo at any resolution.

    Attributes:
        x: of its middle, as a share of the upright photo's width; 0 to 1.
        y: of its middle, as a share of the height; 0 to 1.
        side: as a share of the photo's shorter side; ``LEAST_SIDE`` to 1.
    """

    x: float = 0.5
    y: float = 0.5
    side: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a square that lies nowhere."""
        inside = 0 <= self.x <= 1 and 0 <= self.y <= 1
        if not inside or not LEAST_SIDE <= self.side <= 1:
            raise CropError(
                f"the square to judge is {self.x:g},{self.y:g},{self.side:g}; expected"
                " its middle as shares of the photo's width and height (0 to 1) and"
                f" its side as a share of the shorter one ({LEAST_SIDE} to 1)",
                fault="range",
            )

    def box(self, width: int, height: int) -> tuple[int, int, int]:
        """Left, top and side in pixels of a photo of that size.

        Moved inwards where it would reach over the edge. Where the margin is odd the
        smaller half is cut at the top or left.

        >>> Crop().box(7, 4)
        (1, 0, 4)
        >>> Crop(1.0, 0.5, 0.5).box(400, 200)
        (300, 50, 100)
        """
        short = min(width, height)
        side = min(max(math.floor(self.side * short + 0.5), 1), short)
        left, top = (
            min(max(math.ceil(share * length - side / 2 - 0.5), 0), length - side)
            for share, length in ((self.x, width), (self.y, height))
        )
        return left, top, side

    def __str__(self) -> str:
        """As it is given to ``--crop``."""
        return f"{self.x:.4f},{self.y:.4f},{self.side:.4f}"


CENTRE = Crop()


def parsed(words: str) -> Crop:
    """The square that three numbers with commas between them tell.

    >>> parsed("0.5,0.25,0.4")
    Crop(x=0.5, y=0.25, side=0.4)

    Raises:
        CropError: when they are no three numbers, or out of range.
    """
    try:
        x, y, side = (float(word) for word in words.split(","))
    except ValueError as error:
        raise CropError(
            f"the square to judge is {words!r}; expected x,y,side: the middle as shares"
            " of width and height, and the side as a share of the shorter one, such as"
            " 0.5,0.4,0.3",
            fault="words",
        ) from error
    return Crop(x, y, side)
