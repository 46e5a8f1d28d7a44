"""What a kit's look at the photo is told: the runtime's own limits and measures."""

import json
from pathlib import Path

from edge_runtime.photos import familiarity, quality

_LIMITS = (
    "LOOK_PX",
    "DARKEST_MEAN",
    "BRIGHTEST_MEAN",
    "LEAST_CONTRAST",
    "MOST_CLIPPED",
    "LEAST_SHARPNESS",
    "NO_SHARPNESS",
    "LEAST_SIDE_PX",
    "LEAST_STRUCTURE",
    "NO_STRUCTURE",
    "LEAST_REDDISH",
    "NO_REDDISH",
    "MOST_UNFAMILIAR",
    "FOREIGN",
)


def quality_values() -> dict[str, str]:
    """Words by placeholder; they belong to the runtime, not to a model."""
    path = Path(familiarity.__file__).with_name("familiar.json")
    fitted = json.loads(path.read_text(encoding="utf-8"))
    rows = [number for row in fitted["whitening"] for number in row]
    return {
        **{name: repr(getattr(quality, name)) for name in _LIMITS},
        "MEASURES": str(len(familiarity.MEASURES)),
        "FAMILIAR_MEAN": ", ".join(map(repr, fitted["mean"])),
        "FAMILIAR_WHITENING": ", ".join(map(repr, rows)),
    }
