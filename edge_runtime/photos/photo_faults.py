"""What is said about a photo that cannot be read.

Each has a fault, see ``InputError``: the pages of ``web_demo`` say the same from a
file of sentences, and a test compares the two.
"""

from edge_runtime.errors import PhotoError


def empty(name: str) -> PhotoError:
    """Nothing came."""
    return PhotoError(
        f"{name} is empty; expected a JPEG, PNG or other picture", fault="empty"
    )


def unreadable(name: str) -> PhotoError:
    """What came is something else."""
    return PhotoError(
        f"{name} is not a picture that can be read; expected a JPEG, PNG, WebP, TIFF or"
        " BMP file",
        fault="unreadable",
    )


def damaged(name: str, error: Exception) -> PhotoError:
    """The decoder gave up."""
    # A decoder's own words are of no use to people; the system's say what to do.
    if isinstance(error, OSError) and error.strerror:
        return PhotoError(f"{name} cannot be read: {error.strerror}")
    return PhotoError(
        f"{name} is damaged or ends too early; expected a whole picture. Copy it again"
        " from where it came from, or take another photo.",
        fault="damaged",
    )


def too_large(name: str, most_pixels: int) -> PhotoError:
    """It was too large when it was decoded."""
    most = f"{most_pixels:,}"
    return PhotoError(
        f"{name} is too large to be decoded here; at most {most} pixels can be judged."
        " Make it smaller first.",
        fault="too_large",
        values={"most": most},
    )


def too_many_pixels(name: str, width: int, height: int, most_pixels: int) -> PhotoError:
    """Its header says that it is too large."""
    most = f"{most_pixels:,}"
    return PhotoError(
        f"{name} has {width} x {height} pixels; at most {most} can be judged. Make it"
        " smaller first.",
        fault="pixels",
        values={"width": width, "height": height, "most": most},
    )


def moving(name: str, frames: int) -> PhotoError:
    """It is an animation."""
    return PhotoError(
        f"{name} has {frames} frames; expected one still photo. Save the frame to judge"
        " as a picture of its own.",
        fault="frames",
        values={"frames": frames},
    )
