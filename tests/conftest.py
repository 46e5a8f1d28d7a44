"""What tests of every package share."""

import functools
import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root():
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def fanconic():
    """Folder of the real photos and their ``manifest.csv``; without them, skip.

    The photos are not part of the project (their licence allows no copies here):
    point ``LESION_EDGE_FANCONIC`` at them.
    """
    named = os.environ.get("LESION_EDGE_FANCONIC")
    folder = Path(named) if named else ROOT / "../shared/data/fanconic"
    if (folder / "manifest.csv").is_file():
        return folder.resolve()
    if named:
        pytest.fail(f"LESION_EDGE_FANCONIC={named}, but no manifest.csv lies there")
    pytest.skip("real photos are absent; set LESION_EDGE_FANCONIC to their folder")


@pytest.fixture(scope="session")
def padufes20():
    """Folder of smartphone photos with answers and their manifest; without, skip.

    A part of PAD-UFES-20: point ``LESION_EDGE_PADUFES20`` at it.
    """
    named = os.environ.get("LESION_EDGE_PADUFES20")
    folder = Path(named) if named else ROOT / "../shared/data/padufes20"
    if (folder / "manifest.csv").is_file():
        return folder.resolve()
    if named:
        pytest.fail(f"LESION_EDGE_PADUFES20={named}, but no manifest.csv lies there")
    pytest.skip("smartphone photos are absent; set LESION_EDGE_PADUFES20")


@pytest.fixture(scope="session")
def playwright():
    """Playwright's interface; it can be opened only once in a session."""
    reason = "Playwright is not installed; run make test-web"
    api = pytest.importorskip("playwright.sync_api", reason=reason)
    with api.sync_playwright() as opened:
        yield opened


@pytest.fixture(scope="session")
def chromium_path():
    """Where Chromium lies."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not path:
        pytest.skip("no Chromium; run make test-web, or set CHROMIUM to one")
    return path


@pytest.fixture(scope="session")
def drawn_manifest(tmp_path_factory):
    """60 drawn photos to learn from, 120 to judge by, 20 for the test split."""
    from training.synthetic.dataset import draw_table

    folder = tmp_path_factory.mktemp("drawn")
    return draw_table(folder, 100, 100, size_px=40, val_share=0.6, test_share=0.1)


@pytest.fixture(scope="session")
def train_on_drawn_photos(drawn_manifest, tmp_path_factory):
    """A function that trains cnn32 for seconds and gives the folder of the run.

    It tells the drawn classes apart with an AUC above 0.9.
    """
    pytest.importorskip("tensorflow")

    def train(block_order):
        from training.train import main

        out = tmp_path_factory.mktemp("runs") / block_order
        words = [
            "--manifest", str(drawn_manifest), "--out", str(out), "--network", "cnn32",
            "--block-order", block_order, "--epochs", "12", "--batch-size", "5",
        ]  # fmt: skip
        assert main(words) == 0
        return out

    return train


@pytest.fixture(scope="session")
def trained_cnn32(train_on_drawn_photos):
    """Folder of a finished run in the published block order; only read it."""
    return train_on_drawn_photos("relu_bn_relu")


@pytest.fixture(scope="session")
def file_for(trained_cnn32, drawn_manifest, tmp_path_factory):
    """A function: the model file for a target, as the command writes it, made once."""
    pytest.importorskip("tensorflow")
    from convert.cards.golden_pictures import golden_pngs
    from convert.to_tflite import main

    # Drawing them again for every conversion would take longer than all the rest.
    once = functools.cache(golden_pngs)

    @functools.cache
    def path(target, recipe="ptq_int8"):
        out = tmp_path_factory.mktemp(target)
        words = [
            str(trained_cnn32 / "model.keras"), "--manifest", str(drawn_manifest),
            "--recipe", recipe, "--target", target, "--out", str(out), "--steps", "30",
            # 120 drawn photos: one more or less is beyond the gate.
            "--accept", "recall-drop",
        ]  # fmt: skip
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("convert.pipeline.steps.golden_pngs", once)
            assert main(words) == 0
        ending = "" if target == "python" else f".{target}"
        return out / f"cnn32.{recipe}{ending}.tflite"

    return path
