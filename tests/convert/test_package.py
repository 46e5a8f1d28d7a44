"""Kits as folders of files; test_kits.py and its neighbours compile and run them."""

import hashlib
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convert.kits.description import ALL, KITS, kit_names, read_description
from convert.kits.golden import golden_files
from convert.kits.values import filled, values_of
from convert.package import main
from edge_runtime import LesionClassifier
from edge_runtime.model.file import read_model_file
from edge_runtime.model.golden import check_golden
from edge_runtime.photos.decoding import decode_scale, read_photo
from edge_runtime.verdict import NOTICE

TEXTS = {
    ".md", ".h", ".cpp", ".c", ".kt", ".kts", ".ts", ".tsx", ".js", ".swift", ".dart",
    ".py", ".json", ".html", ".txt", ".yaml", ".xml", ".plist",
}  # fmt: skip

every_target = pytest.mark.parametrize("target", kit_names())


@pytest.fixture(scope="module")
def shipped(root):
    return root / "models/cnn32.qat_int8.tflite"


@pytest.fixture(scope="module")
def kits(shipped, tmp_path_factory):
    """Folder of all kits of a shipped model."""
    out = tmp_path_factory.mktemp("kits") / "all"
    assert main([str(shipped), "--target", ALL, "--out", str(out)]) == 0
    return out


def test_a_kit_carries_the_site_s_threshold_and_says_so(
    shipped, site_file, tmp_path, root, capsys
):
    model = tmp_path / shipped.name
    model.write_bytes(shipped.read_bytes())
    score = site_file(model)
    photos = sorted((root / "samples").glob("*.png"))[:6]
    for words, site in (((), True), (("--without-site",), False)):
        out = tmp_path / f"kit{len(words)}"
        assert main([str(model), "--target", "pi", "--out", str(out), *words]) == 0
        printed = capsys.readouterr().out
        assert ("operating point: this site's file" in printed) == site
        kit = LesionClassifier.load(next((out / "model").glob("*.tflite")))
        here = LesionClassifier.load(model, site=site)
        assert (kit.card.threshold.score == score) == site
        for photo in photos:
            ours, theirs = kit.classify(photo), here.classify(photo)
            assert (ours.decision, ours.probability) == (
                theirs.decision,
                theirs.probability,
            )
        assert check_golden(kit.file) == ()
        page = (out / "README.md").read_text(encoding="utf-8")
        assert ("operating point: this site's file" in page.lower()) == site
    assert json.loads((tmp_path / "kit0/card.json").read_text())["threshold"][
        "score"
    ] == score  # fmt: skip


@every_target
class TestKit:
    def test_checksums_name_every_file_and_agree(self, kits, target):
        folder = kits / target
        lines = (folder / "SHA256SUMS").read_text().splitlines()
        sums = dict(reversed(line.split("  ", 1)) for line in lines)
        found = {
            path.relative_to(folder).as_posix(): hashlib.sha256(
                path.read_bytes()
            ).hexdigest()
            for path in folder.rglob("*")
            if path.is_file() and path.name != "SHA256SUMS"
        }
        assert found == sums

    def test_holds_what_every_kit_holds(self, kits, target):
        folder = kits / target
        for name in ("README.md", "MODEL_CARD.md", "LICENCES.md", "card.json",
                     "labels.txt", "kit.json"):  # fmt: skip
            assert (folder / name).stat().st_size > 0, name

    def test_model_runs_and_is_the_card_s(self, kits, target, shipped):
        (path,) = (kits / target).rglob("*.tflite")
        file = read_model_file(path)
        assert json.loads((kits / target / "card.json").read_text()) == json.loads(
            file.card.to_json()
        )
        assert file.card.input.dtype in read_description(target).target.io
        from edge_runtime.model.golden import check_golden

        assert check_golden(file) == ()
        # Whatever the type at the edges, the scores are those of the file given.
        before = np.load(io.BytesIO(read_model_file(shipped).golden))
        after = np.load(io.BytesIO(file.golden))
        np.testing.assert_array_equal(after["probability"], before["probability"])

    def test_says_which_checksum_is_of_which_bytes(self, kits, target):
        about = json.loads((kits / target / "kit.json").read_text())
        (path,) = (kits / target).rglob("*.tflite")
        assert about["file"] == path.relative_to(kits / target).as_posix()
        content = path.read_bytes()
        assert about["file_sha256"] == hashlib.sha256(content).hexdigest()
        model = read_model_file(path).model
        assert about["model_sha256"] == hashlib.sha256(model).hexdigest()
        assert about["file_sha256"] != about["model_sha256"]
        if (kits / target / "golden/steps.tsv").is_file():
            assert "file_sha256" in (kits / target / "golden/steps.tsv").read_text()

    def test_page_speaks_of_the_model_that_the_kit_holds(self, kits, target):
        page = (kits / target / "README.md").read_text()
        assert (
            f"convert/package.py models/cnn32.qat_int8.tflite --target {target}" in page
        )
        assert "cnn64" not in page

    def test_pages_say_what_it_is_not(self, kits, target):
        for name in ("README.md", "MODEL_CARD.md", "LICENCES.md", "kit.json"):
            text = (kits / target / name).read_text().lower()
            assert NOTICE in " ".join(text.replace("*", "").split()), name

    def test_page_says_what_was_verified_and_recall_with_specificity(
        self, kits, target
    ):
        page = (kits / target / "README.md").read_text()
        description = read_description(target)
        for sentence in (*description.verified, *description.unverified):
            assert sentence in page
        assert description.unverified, "nothing is verified everywhere"
        assert re.search(r"recall \d.*specificity \d", page)

    def test_never_calls_a_lesion_benign(self, kits, target):
        data_name = json.loads((kits / target / "card.json").read_text())["data"][
            "name"
        ]
        for path in (kits / target).rglob("*"):
            # There it is a label in tables of accuracy.
            if path.name == "MODEL_CARD.md" or "edge_runtime" in path.parts:
                continue
            if path.suffix in TEXTS - {".json"}:
                text = path.read_text().replace(data_name, "")
                assert "benign" not in text.lower(), path

    def test_leaves_no_placeholder(self, kits, target):
        for path in (kits / target).rglob("*"):
            if path.suffix in TEXTS:
                assert not re.search(r"@[A-Z_]{3,}@", path.read_text()), path

    def test_golden_decisions_cover_every_output(self, kits, target):
        description = read_description(target)
        folder = kits / target / description.golden_folder
        if description.golden_form == "c":
            pytest.skip("a C header; test_kit_microcontroller.py tries every output")
        if description.golden_form == "json":
            rows = json.loads((folder / "golden.json").read_text())["outputs"]
            said = [row["decision"] for row in rows]
        else:
            table = (folder / "outputs.tsv").read_text().splitlines()[1:]
            said = [line.split("\t")[-1] for line in table]
        assert len(said) == 256
        assert {"monitor", "investigate"} <= {*said}

    def test_page_s_commands_exist(self, target):
        page = (KITS / target / "README.md").read_text()
        assert f"--target {target} " in page
        assert page.startswith("# ")


def test_golden_pictures_carry_findings_and_the_verdict_with_them(kits):
    folder = kits / "cpp"
    (model,) = folder.glob("model/*.tflite")
    classifier = LesionClassifier.load(model, threads=1)
    heads, *rows = (
        line.split("\t")
        for line in (folder / "golden/pictures.tsv").read_text().splitlines()
    )
    assert len(rows) >= 3
    seen = set()
    for cells in rows:
        row = dict(zip(heads, cells, strict=True))
        ours = classifier.classify(folder / f"golden/{row['name']}{row['suffix']}")
        assert row["findings"] == ",".join(each.name for each in ours.findings)
        assert row["verdict"] == ours.decision
        seen |= {each.name for each in ours.findings}
    assert seen, "no picture would show a look at the photo that is left out"


def test_kits_that_decode_large_photos_whole_say_so(kits):
    for target in kit_names():
        said = " ".join((kits / target / "README.md").read_text().split())
        if not read_description(target).decodes_whole:
            assert "## Large photos" not in said
            continue
        # The model of these kits sees 32 pixels.
        assert "shorter side has 256 pixels or more" in said
        assert decode_scale(256, 300, 32) > 1 == decode_scale(255, 300, 32)


# Kits show a model the photo alone.
SHIPPED = [
    path
    for path in sorted((Path(__file__).parents[2] / "models").glob("*.tflite"))
    if read_model_file(path).card.answers is None
]


@pytest.mark.slow
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_photos_of_a_kit_get_both_verdicts_and_lie_as_phones_write_them(path):
    file = read_model_file(path)
    table = golden_files(file)
    heads, *rows = (
        line.split("\t") for line in table["pictures.tsv"].decode().splitlines()
    )
    of = {
        row["name"]: row for row in (dict(zip(heads, row, strict=True)) for row in rows)
    }
    assert of["turned_photo"]["verdict"] == "monitor"
    assert of["large_photo"]["verdict"] == "investigate"
    classifier = LesionClassifier.load(path, threads=1)
    for name, (width, height) in (
        ("turned_photo", (180, 240)),
        ("large_photo", (640, 480)),
    ):
        photo = table[f"{name}.jpg"]
        # Python, which may decode at reduced scale, says so too.
        assert classifier.classify(photo).decision == of[name]["verdict"]
        assert (of[name]["width"], of[name]["height"]) == (str(width), str(height))
        lying = Image.open(io.BytesIO(photo))
        assert lying.format == "JPEG"
        assert (lying.getexif().get(274) == 6) == (name == "turned_photo")
        assert lying.size == ((240, 180) if name == "turned_photo" else (640, 480))
        upright = read_photo(photo)
        assert table[f"{name}.rgb"] == upright.tobytes()
        assert upright.shape == (height, width, 3)


def test_the_list_of_targets_has_every_kit(root):
    page = (root / "docs/apps.md").read_text()
    for name in kit_names():
        assert f"convert/kits/templates/{name}" in page, name


def test_same_model_gives_the_same_kit(shipped, kits, tmp_path):
    out = tmp_path / "again"
    assert main([str(shipped), "--target", "cpp", "--out", str(out)]) == 0
    first, again = (kits / "cpp/SHA256SUMS"), (out / "SHA256SUMS")
    assert first.read_bytes() == again.read_bytes()


def test_refuses_a_folder_with_something_in_it(shipped, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("keep me")
    words = [str(shipped), "--target", "cpp", "--out", str(tmp_path)]
    assert main(words) == 1
    assert "not empty" in capsys.readouterr().err
    # Not even with --overwrite, as it is no kit.
    assert main([*words, "--overwrite"]) == 1
    assert (tmp_path / "mine.txt").read_text() == "keep me"


def test_overwrites_a_kit_when_asked(shipped, tmp_path):
    words = [str(shipped), "--target", "cpp", "--out", str(tmp_path / "kit")]
    assert main(words) == 0
    (tmp_path / "kit/left_over").write_text("old")
    assert main(words) == 1
    assert main([*words, "--overwrite"]) == 0
    assert not (tmp_path / "kit/left_over").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["kit"]


def test_status_of_all_tells_some_from_none(shipped, tmp_path, capsys):
    words = [str(shipped), "--target", ALL, "--out", str(tmp_path)]
    (tmp_path / "web").mkdir()
    (tmp_path / "web/mine.txt").write_text("keep me")
    assert main(words) == 3
    assert capsys.readouterr().err.count("error: ") == 1
    # Now all are there.
    assert main(words) == 1
    assert capsys.readouterr().err.count("not empty") == len(kit_names())


def test_help_says_what_each_status_means(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "1 an error, no kit was written" in said
    assert "3 some kits of 'all' were written, others could not be" in said


def test_unknown_target_is_wrong_usage(shipped, tmp_path, capsys):
    with pytest.raises(SystemExit) as raised:
        main([str(shipped), "--target", "fridge", "--out", str(tmp_path)])
    assert raised.value.code == 2
    assert "fridge" in capsys.readouterr().err


def test_template_with_an_unknown_placeholder_is_refused(card):
    from convert.errors import ConversionError

    with pytest.raises(ConversionError, match="MOON"):
        filled("the @MOON@", values_of(card), "a file")


def test_numbers_come_back_as_they_were(card):
    values = values_of(card)
    assert float(values["INPUT_SCALE"]) == card.input.scale
    assert float(values["THRESHOLD_SCORE"]) == card.threshold.score
    assert "." in values["MEAN"]


def test_text_of_a_card_cannot_break_out_of_a_string(card):
    from dataclasses import replace

    hostile = replace(card, licence='a"; system("x") /* */ `$(y)` @NAME@\nnext')
    assert not set(values_of(hostile)["LICENCE"]) & set('"`$@\\\n')
