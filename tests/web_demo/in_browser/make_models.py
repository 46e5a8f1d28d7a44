"""Make small models of drawn photos: a network in float and int8, and one that asks.

Run with the toolkit's own Python (TensorFlow): make_models.py FOLDER. They know nothing
about skin; the pages only have to treat them rightly.
"""

import csv
import sys
from pathlib import Path

if not __package__:
    # Started as a file: put the checkout first on the path, in place of this folder.
    sys.path[0] = str(Path(__file__).resolve().parents[3])

from training.synthetic.dataset import draw_table

# Too few photos for any gate to mean something.
GATES = ("recall-drop", "auc-drop", "malignant-lost", "distinct-scores")


def with_answers(manifest, path):
    """The same photos with a column that tells more than they do."""
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for place, row in enumerate(rows):
        row["bleed"] = "yes" if row["label"] == "malignant" else "no"
        row["age"] = str(30 + place % 50)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def learn(manifest, out, *words):
    # Here and not above: pytest looks for doctests in an environment without Keras too.
    from training.train import main as train

    given = ["--manifest", str(manifest), "--epochs", "12", "--out", str(out)]
    if train([*given, *words]):
        raise SystemExit("training failed")
    return out / "model.keras"


def make_file(model, manifest, out, recipe):
    from convert.to_tflite import main as convert

    accepted = [word for gate in GATES for word in ("--accept", gate)]
    words = [str(model), "--manifest", str(manifest), "--recipe", recipe]
    if convert([*words, "--out", str(out), *accepted]):
        raise SystemExit("conversion failed")


def make(folder):
    photos = folder / "photos"
    photos.mkdir(parents=True)
    plain = draw_table(photos, 100, 100, size_px=40, val_share=0.6, test_share=0.1)
    asking = with_answers(plain, photos / "asking.csv")
    told = ["--network", "separable32", "--answers", "concat", "--augmentation", "none"]
    model = learn(
        asking, folder / "asking", *told, "--batch-size", "8", "--learning-rate", "5e-3"
    )
    make_file(model, asking, folder / "asking-models", "ptq_int8")
    model = learn(plain, folder / "plain", "--network", "cnn32", "--batch-size", "5")
    for recipe in ("float32", "ptq_int8"):
        make_file(model, plain, folder / "plain-models", recipe)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
