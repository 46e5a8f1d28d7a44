"""A model file whose card holds a site's own operating point.

On a workstation a site file lies beside the model and is used wherever Python judges.
A kit or a release has only the model file: here the site's threshold, temperature and
evidence go into its card, so that a kit's verdict is the workstation's. The weights
stay as they are.
"""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np

from convert.cards.golden import golden_npz
from edge_runtime.model.file import ModelFile
from edge_runtime.model.interpreter import open_interpreter
from edge_runtime.site_calibration.file import SITE_SPLIT, card_in_force


def at_site(file: ModelFile, site: bool | Path) -> tuple[ModelFile, Path | None]:
    """The file at the operating point that is in force beside it, or at another.

    Of the card's evidence only what was measured at the new threshold is kept: figures
    of another one would be taken for its own.

    Args:
        file: the model.
        site: True for the site file beside it, where there is one; False for none; or
            a site file.

    Returns:
        The file, and the site file that is in it; None for the card's own.

    Raises:
        SiteFileError: when the site file cannot be used.
        InterpreterMissingError: when no interpreter is installed.
    """
    card, place = card_in_force(file.card, file.path, site)
    if place is None:
        return file, None
    own = tuple(each for each in card.accuracy if each.split == SITE_SPLIT)
    model = open_interpreter(file.model)
    card = replace(
        card,
        accuracy=own or card.accuracy,
        provenance=replace(card.provenance, kernel_family=model.kernel_family),
    )
    with np.load(io.BytesIO(file.golden), allow_pickle=False) as archive:
        names = [name.decode("ascii") for name in archive["names"]]
        pngs = {name: archive[f"png/{name}"].tobytes() for name in names}
    # Probabilities follow from the temperature, which is the site's now.
    return replace(file, card=card, golden=golden_npz(pngs, model.infer, card)), place
