"""Fetching public data sets through Kaggle's own client.

Kaggle asks for an account, and each data set has terms of its own: read them on its
page before using it.
"""

from dataclasses import dataclass
from pathlib import Path

from edge_runtime.errors import EdgeRuntimeError


class DownloadError(EdgeRuntimeError):
    """A data set could not be fetched."""


@dataclass(frozen=True)
class Source:
    """Where Kaggle keeps a data set.

    Attributes:
        handle: Kaggle's name for it.
        layout: how it lies on disk, one of ``training.datasets.layouts.LAYOUTS``.
        competition: whether it belongs to a competition, whose rules have to be
            accepted on its page first.
    """

    handle: str
    layout: str
    competition: bool = False

    @property
    def page(self) -> str:
        """Address of the page with the terms."""
        kind = "competitions" if self.competition else "datasets"
        return f"https://www.kaggle.com/{kind}/{self.handle}"


SOURCES = {
    "fanconic": Source("fanconic/skin-cancer-malignant-vs-benign", "folders"),
    "ham10000": Source("kmader/skin-cancer-mnist-ham10000", "ham10000"),
    "siim2020": Source(
        "siim-isic-melanoma-classification", "siim2020", competition=True
    ),
    "isic2017": Source("johnchfr/isic-2017", "isic2017"),
    "pad-ufes-20": Source("mahdavi1202/skin-cancer", "pad-ufes-20"),
}


def download(name: str) -> Path:
    """Fetch a data set into Kaggle's cache, or find it there.

    Args:
        name: one of ``SOURCES``.

    Returns:
        The folder that holds it.

    Raises:
        DownloadError: when kagglehub is not installed, there is no network, or Kaggle
            refuses.
    """
    source = SOURCES[name]
    try:
        import kagglehub
    except ImportError as error:
        raise DownloadError(
            "downloading needs kagglehub, which is not installed. Install it:"
            ' pip install "kagglehub>=0.3"'
        ) from error
    fetch = (
        kagglehub.competition_download
        if source.competition
        else kagglehub.dataset_download
    )
    try:
        return Path(fetch(source.handle))
    # kagglehub raises its own errors, those of requests and of the disk; they share
    # no base class but this.
    except Exception as error:
        raise DownloadError(
            f"{name} could not be fetched from {source.page}:"
            f" {type(error).__name__}: {error}. Check the network, sign in"
            " (https://www.kaggle.com/settings, then kagglehub.login()) and accept the"
            " terms on that page; or fetch it by hand and name its folder."
        ) from error
