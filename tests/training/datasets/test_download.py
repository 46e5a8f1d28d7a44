"""Downloads go through kagglehub, and every failure says what to do."""

import sys
from types import SimpleNamespace

import pytest

from training.datasets.download import SOURCES, DownloadError, download
from training.datasets.layouts import LAYOUTS
from training.prepare import main


@pytest.fixture
def kagglehub(monkeypatch, tmp_path):
    """A stand-in that records what is fetched and answers with a folder."""
    asked = []

    def fetching(kind):
        def fetch(handle):
            asked.append((kind, handle))
            return str(tmp_path)

        return fetch

    stand_in = SimpleNamespace(
        asked=asked,
        dataset_download=fetching("dataset"),
        competition_download=fetching("competition"),
    )
    monkeypatch.setitem(sys.modules, "kagglehub", stand_in)
    return stand_in


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_is_fetched_by_its_handle(kagglehub, tmp_path, name):
    assert download(name) == tmp_path
    kind = "competition" if SOURCES[name].competition else "dataset"
    assert kagglehub.asked == [(kind, SOURCES[name].handle)]


def test_every_source_has_a_known_layout_and_a_page():
    for source in SOURCES.values():
        assert source.layout in LAYOUTS
        assert source.page.startswith("https://www.kaggle.com/")


def test_missing_kagglehub_is_named_with_the_command_that_installs_it(
    monkeypatch, capsys, tmp_path
):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    out = tmp_path / "new" / "manifest.csv"
    assert main(["--download", "ham10000", "--out", str(out)]) == 1
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert "pip install" in message
    assert not out.parent.exists()


def test_no_network_names_page_and_reason(kagglehub):
    def refuse(handle):
        raise ConnectionError("no route to host")

    kagglehub.dataset_download = refuse
    with pytest.raises(DownloadError, match="no route to host") as caught:
        download("fanconic")
    assert SOURCES["fanconic"].page in str(caught.value)


def test_interruption_is_no_download_error(kagglehub):
    def interrupt(handle):
        raise KeyboardInterrupt

    kagglehub.dataset_download = interrupt
    with pytest.raises(KeyboardInterrupt):
        download("fanconic")


def test_downloaded_folder_is_read_in_the_sources_layout(kagglehub, made, tmp_path):
    folder = made("siim2020")
    kagglehub.competition_download = lambda handle: str(folder)
    out = tmp_path / "manifest.csv"
    assert main(["--download", "siim2020", "--out", str(out)]) == 0
    assert out.is_file()


def test_help_says_that_downloading_is_untested(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "untested" in capsys.readouterr().out
