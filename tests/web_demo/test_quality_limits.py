"""The page's limits of the quality check are the runtime's."""

import re

from edge_runtime.photos import quality
from edge_runtime.photos.measures import STRUCTURE_FIELDS


def test_the_page_has_the_runtimes_limits(root):
    script = (root / "web_demo/static/js/quality.js").read_text("utf-8")
    (written,) = re.findall(r"export const LIMITS = {(.*?)};", script, re.DOTALL)
    found = {
        name: float(value) for name, value in re.findall(r"(\w+): ([\d.]+)", written)
    }
    assert found == {
        "lookPx": quality.LOOK_PX,
        "darkest": quality.DARKEST_MEAN,
        "brightest": quality.BRIGHTEST_MEAN,
        "contrast": quality.LEAST_CONTRAST,
        "clipped": quality.MOST_CLIPPED,
        "sharpness": quality.LEAST_SHARPNESS,
        "noSharpness": quality.NO_SHARPNESS,
        "sidePx": quality.LEAST_SIDE_PX,
        "structure": quality.LEAST_STRUCTURE,
        "noStructure": quality.NO_STRUCTURE,
        "fields": STRUCTURE_FIELDS,
        "reddish": quality.LEAST_REDDISH,
        "noReddish": quality.NO_REDDISH,
        "unfamiliar": quality.MOST_UNFAMILIAR,
        "foreign": quality.FOREIGN,
    }
