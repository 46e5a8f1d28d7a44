import dataclasses
import json
import shutil

import numpy as np
import pytest

from convert.cards.registry_file import Registry, entry_of, read_registry
from convert.model_cards import main as model_cards
from convert.registry import main
from edge_runtime.files.strict_json import to_json
from edge_runtime.model.file import read_model_file, write_model_file


@pytest.fixture
def folder(root, tmp_path):
    """Two shipped files and their registry."""
    for network in ("cnn32", "cnn64"):
        shutil.copy(root / f"models/{network}.qat_int8.tflite", tmp_path)
    assert model_cards([str(tmp_path)]) == 0
    return tmp_path


@pytest.fixture
def ask(folder, capsys):
    """A function: run the command on the folder; exit status and what it printed."""

    def run(*words):
        capsys.readouterr()
        status = main(["--models", str(folder), *map(str, words)])
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return run


def _changed(path, **fields):
    """The same model with another card, at the same path."""
    file = read_model_file(path)
    card = dataclasses.replace(file.card, **fields)
    write_model_file(path, file.model, card, file.labels, file.golden)


def test_registry_of_the_project_is_what_the_files_say(root):
    registry = read_registry(root / "models")
    files = sorted((root / "models").glob("*.tflite"))
    assert registry.models == tuple(entry_of(read_model_file(path)) for path in files)


def test_list_names_every_file_with_recall_and_specificity(ask):
    status, said = ask("list")
    assert status == 0
    assert "cnn32.qat_int8" in said
    assert "cnn64.qat_int8" in said
    assert "recall" in said
    assert "specificity" in said
    assert "not a medical device" in said


def test_show_is_the_card_s_word(ask, folder):
    status, said = ask("show", "cnn32.qat_int8")
    assert status == 0
    card = read_model_file(folder / "cnn32.qat_int8.tflite").card
    shown = json.loads(said)
    assert shown["threshold_score"] == card.threshold.score
    assert shown["model_sha256"] == card.model_sha256
    # Its first digits find it too.
    assert ask("show", shown["file_sha256"][:12])[1] == said


def test_show_of_what_is_not_there_lists_what_is(ask):
    status, said = ask("show", "cnn99")
    assert (status, "cnn32.qat_int8" in said) == (1, True)


def test_verify_passes_on_files_as_registered(ask):
    status, said = ask("verify")
    assert (status, said.count("ok ")) == (0, 2)


def test_verify_finds_a_changed_file(ask, folder):
    _changed(folder / "cnn32.qat_int8.tflite", description="changed")
    status, said = ask("verify")
    assert (status, "not the one" in said) == (4, True)
    # The other one alone is fine.
    assert ask("verify", "cnn64.qat_int8")[0] == 0


def test_verify_finds_damage_absence_and_strangers(ask, folder):
    path = folder / "cnn32.qat_int8.tflite"
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(bytes(content))
    status, said = ask("verify")
    assert (status, "SHA-256" in said) == (4, True)
    path.unlink()
    assert ask("verify")[0] == 4
    shutil.copy(folder / "cnn64.qat_int8.tflite", folder / "stranger.tflite")
    status, said = ask("verify", "cnn64.qat_int8")
    assert (status, "stranger.tflite" in said) == (4, True)


def test_replaced_file_is_remembered(ask, folder):
    before = read_registry(folder).entry("cnn32.qat_int8")
    _changed(folder / "cnn32.qat_int8.tflite", description="the next one")
    assert model_cards([str(folder)]) == 0
    registry = read_registry(folder)
    assert registry.before == (before,)
    assert registry.entry("cnn32.qat_int8").file_sha256 != before.file_sha256
    status, said = ask("show", before.file_sha256[:10])
    assert (status, before.model_sha256 in said) == (0, True)
    # Written again, nothing changes.
    text = (folder / "registry.json").read_text()
    assert model_cards([str(folder)]) == 0
    assert (folder / "registry.json").read_text() == text
    status, said = ask("diff", before.file_sha256[:10], "cnn64.qat_int8")
    assert status in (0, 1)


def test_diff_of_a_file_with_itself_has_no_flips(ask):
    status, said = ask("diff", "cnn32.qat_int8", "cnn32.qat_int8")
    assert status == 0
    assert "0 are malignant to the new file only, 0 to the old file only" in said


def test_diff_counts_the_photos_that_change_sides(ask, folder, drawn_manifest):
    """One file twice, the second with a threshold above all scores."""
    old = folder / "cnn32.qat_int8.tflite"
    new = folder / "higher.tflite"
    shutil.copy(old, new)
    file = read_model_file(new)
    from edge_runtime.evaluation.temperature import calibrated

    score = float(np.float32(255 / 256))
    threshold = dataclasses.replace(
        file.card.threshold,
        score=score,
        stored=255,
        probability=calibrated(score, file.card.temperature),
    )
    _changed(new, threshold=threshold)
    status, said = ask("diff", old, new, "--manifest", drawn_manifest, "--split", "val")
    assert status == 0, said
    from edge_runtime.classifier import LesionClassifier
    from edge_runtime.photos.manifest import photos_of, read_manifest
    from edge_runtime.photos.preprocessing import load_pixels

    classifier = LesionClassifier.load(old)
    photos = photos_of(read_manifest(drawn_manifest), "val")
    scores = [classifier.score(load_pixels(photo.path, 32)) for photo in photos]
    called = [each >= classifier.card.threshold.score for each in scores]
    lost = sum(
        one and not each >= score and photo.malignant
        for one, each, photo in zip(called, scores, photos, strict=True)
    )
    dropped = sum(
        one and not each >= score for one, each in zip(called, scores, strict=True)
    )
    assert dropped > 0
    assert f"{dropped} to the old file only" in said
    assert f"malignant lesions lost {lost}, gained 0" in said


def test_missing_registry_says_what_writes_it(tmp_path, capsys):
    assert main(["--models", str(tmp_path), "list"]) == 1
    assert "model_cards.py" in capsys.readouterr().err


def test_registry_with_an_unknown_field_is_refused(folder, capsys):
    path = folder / "registry.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "trusted": True}))
    assert main(["--models", str(folder), "list"]) == 1
    assert "trusted" in capsys.readouterr().err


def test_empty_registry_round_trips():
    registry = Registry(1, "notice", (), ())
    assert json.loads(to_json(registry))["models"] == []
