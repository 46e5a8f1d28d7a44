"""Probing: folds keep lesions together, and classifiers are judged by other photos."""

from types import SimpleNamespace

import numpy as np
import pytest

from edge_runtime.evaluation.metrics import roc_auc
from training.probe import FOLDS, NETWORKS, folds_by_lesion, out_of_fold, parse, part_of


def test_photos_of_one_lesion_share_a_fold_and_folds_are_even():
    photos = [SimpleNamespace(lesion=f"g{i // 2}") for i in range(200)]
    labels = np.arange(200) // 2 % 2
    folds = folds_by_lesion(photos, labels, seed=0)
    assert (folds[::2] == folds[1::2]).all()
    assert np.bincount(folds).tolist() == [200 // FOLDS] * FOLDS
    assert (folds_by_lesion(photos, labels, seed=1) != folds).any()


def test_features_of_chance_stay_at_chance_and_telling_ones_are_found():
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 2
    folds = rng.permutation(400) % FOLDS
    noise = rng.normal(size=(400, 300))
    # More features than photos in a fold: judged by its own photos it would be perfect.
    assert abs(roc_auc(labels, out_of_fold(noise, labels, folds)) - 0.5) < 0.1
    telling = noise.copy()
    telling[:, 0] += 3 * labels
    assert roc_auc(labels, out_of_fold(telling, labels, folds)) > 0.8


def test_part_has_its_cut_and_its_file(tmp_path):
    path = tmp_path / "a.h5"
    path.touch()
    part, file = part_of(f"squeezenet:fire4_concat={path}")
    assert (part.architecture, part.last_layer, file) == (
        "squeezenet",
        "fire4_concat",
        str(path),
    )
    part, _ = part_of(f"mobileneta25={path}")
    assert (part.alpha, part.last_layer) == (0.25, None)
    assert {"mobilenetv2a35", "squeezenet"} <= set(NETWORKS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("squeezenet", "expected NETWORK[:LAYER]=FILE"),
        ("squeezenet=", "expected NETWORK[:LAYER]=FILE"),
        ("vgg16=a.h5", "there is no network 'vgg16'; expected one of mobileneta25"),
        ("squeezenet=nowhere.h5", "the weights nowhere.h5 are missing"),
    ],
)
def test_unknown_part_is_refused_with_a_word(text, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        parse([text, "--manifest", "a.csv"])
    assert message in capsys.readouterr().err


def test_picture_of_no_size_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        parse(["squeezenet=a.h5", "--manifest", "a.csv", "--size", "0"])
    assert "--size: expected at least 32 px" in capsys.readouterr().err
