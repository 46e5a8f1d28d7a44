import re
import shutil

import pytest

from convert.cards.readme import model_readme
from convert.model_cards import main
from edge_runtime.model.file import read_model_file


@pytest.fixture
def shipped(root):
    """The model files of the project, smallest first."""
    paths = sorted(
        (root / "models").glob("*.tflite"),
        key=lambda path: (path.stat().st_size, path.name),
    )
    if not paths:
        pytest.skip("models/ holds no .tflite file")
    return [read_model_file(path) for path in paths]


def test_the_page_in_models_is_what_the_cards_say(root, shipped):
    page = (root / "models" / "README.md").read_text(encoding="utf-8")
    assert page == model_readme(shipped)


def test_recall_never_stands_without_specificity(shipped):
    for line in model_readme(shipped).splitlines():
        if re.search(r"\brecall\b", line, re.IGNORECASE):
            assert re.search(r"\bspecificity\b", line, re.IGNORECASE)


def test_the_page_is_written_beside_the_files(shipped, tmp_path, capsys):
    shutil.copy(shipped[0].path, tmp_path)
    assert main([str(tmp_path)]) == 0
    written = tmp_path / "README.md"
    assert capsys.readouterr().out.strip() == str(written)
    assert shipped[0].card.model_sha256 in written.read_text(encoding="utf-8")


def test_a_folder_without_models_is_an_error(tmp_path, capsys):
    assert main([str(tmp_path)]) == 1
    assert "holds no .tflite file" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
