"""Small made-up data sets with drawn photos, in every layout that can be read."""

import csv
import io

import numpy as np
import pytest
from PIL import Image

from training.synthetic.lesions import draw_lesion

N_DRAWN = 10


@pytest.fixture(scope="session")
def drawn():
    """Ten images of each kind, by whether they are malignant-like."""
    return {
        kind: [
            draw_lesion(500 + 2 * seed + kind, size_px=64, malignant_like=kind)
            for seed in range(N_DRAWN)
        ]
        for kind in (False, True)
    }


@pytest.fixture(scope="session")
def deterministic():
    """From here on TensorFlow gives the same bits for the same seed."""
    tensorflow = pytest.importorskip("tensorflow")
    tensorflow.config.experimental.enable_op_determinism()


@pytest.fixture(scope="session")
def write_photo():
    """A function that writes an RGB array to a path, in the form its ending names."""

    def write(path, image):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = io.BytesIO()
        kind = "PNG" if path.suffix == ".png" else "JPEG"
        Image.fromarray(image).save(file, format=kind, quality=95)
        path.write_bytes(file.getvalue())
        return path

    return write


@pytest.fixture(scope="session")
def write_table():
    """A function that writes rows (dictionaries with the same keys) as a CSV file."""

    def write(path, rows):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


def _folders(folder, drawn, write_photo, _write_table):
    for label, malignant in (("malignant", True), ("benign", False)):
        for number, image in enumerate(drawn[malignant]):
            split = "train" if number < 7 else "test"
            write_photo(folder / split / label / f"{number}.jpg", image)
    # A copy of a training photo, mirrored and coded anew, in the test split.
    copy = np.ascontiguousarray(drawn[True][2][:, ::-1])
    write_photo(folder / "test" / "malignant" / "copy.jpg", copy)


def _ham10000(folder, drawn, write_photo, write_table):
    rows = []
    classes = ("mel", "bcc", "akiec", "nv", "bkl", "df", "vasc")
    for number in range(2 * N_DRAWN):
        dx = classes[number % 7]
        malignant = dx in ("mel", "bcc", "akiec")
        name = f"ISIC_{number:07d}"
        part = folder / f"HAM10000_images_part_{1 + number % 2}"
        write_photo(part / f"{name}.jpg", drawn[malignant][number // 2])
        row = {"lesion_id": f"HAM_{number:07d}", "image_id": name, "dx": dx}
        rows.append(row | {"dx_type": "histo", "age": "50", "sex": "male"})
    # A second view of the first lesion, from further away.
    write_photo(
        part / "ISIC_9999999.jpg",
        np.pad(drawn[True][0], ((20, 20), (20, 20), (0, 0)), mode="edge"),
    )
    rows.append(rows[0] | {"image_id": "ISIC_9999999"})
    write_table(folder / "HAM10000_metadata.csv", rows)


def _siim2020(folder, drawn, write_photo, write_table):
    rows = []
    for number in range(2 * N_DRAWN):
        malignant = number % 4 == 0
        name = f"ISIC_{number:07d}"
        write_photo(
            folder / "jpeg" / "train" / f"{name}.jpg", drawn[malignant][number // 2]
        )
        row = {"image_name": name, "patient_id": f"IP_{number // 2:07d}"}
        rows.append(row | {"sex": "female", "target": str(int(malignant))})
    write_table(folder / "train.csv", rows)


def _isic2017(folder, drawn, write_photo, write_table):
    tables = {"Training": 12, "Validation": 4, "Test_v2": 4}
    numbers = iter(range(2 * N_DRAWN))
    for split, count in tables.items():
        rows = []
        for number in (next(numbers) for _ in range(count)):
            malignant = number % 2 == 0
            name = f"ISIC_{number:07d}"
            photos = folder / f"ISIC-2017_{split}_Data"
            write_photo(photos / f"{name}.jpg", drawn[malignant][number // 2])
            # Superpixels lie beside the photos and are none.
            write_photo(photos / f"{name}_superpixels.png", drawn[True][0])
            rows.append(
                {
                    "image_id": name,
                    "melanoma": f"{float(malignant)}",
                    "seborrheic_keratosis": f"{float(number % 4 == 1)}",
                }
            )
        write_table(folder / f"ISIC-2017_{split}_Part3_GroundTruth.csv", rows)


def _pad_ufes_20(folder, drawn, write_photo, write_table):
    rows = []
    classes = ("BCC", "ACK", "MEL", "NEV", "SCC", "SEK")
    for number in range(2 * N_DRAWN):
        diagnostic = classes[number % 6]
        name = f"PAT_{number // 2}_{number}_1.png"
        part = folder / "images" / f"imgs_part_{1 + number % 3}"
        malignant = diagnostic in ("BCC", "MEL", "SCC")
        write_photo(part / name, drawn[malignant][number // 2])
        row = {"patient_id": f"PAT_{number // 2}", "lesion_id": str(number)}
        row |= {"smoke": "False", "fitspatrick": "3.0", "itch": "UNK"}
        rows.append(row | {"diagnostic": diagnostic, "img_id": name})
    write_table(folder / "metadata.csv", rows)


MAKERS = {
    "folders": _folders,
    "ham10000": _ham10000,
    "siim2020": _siim2020,
    "isic2017": _isic2017,
    "pad-ufes-20": _pad_ufes_20,
}


@pytest.fixture
def made(tmp_path, drawn, write_photo, write_table):
    """A function that makes the data set of a layout and returns its folder."""

    def make(name):
        folder = tmp_path / name
        MAKERS[name](folder, drawn, write_photo, write_table)
        return folder

    return make
