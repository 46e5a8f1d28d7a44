"""A photo and answers about the lesion, from a table to a verdict.

The table has PAD-UFES-20's layout, its photos are drawn, and its answers tell more than
its photos do: bleeding decides.
"""

import csv
import dataclasses
import functools
import io
import json

import numpy as np
import pytest
from PIL import Image

from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import AnswerError, CardMismatchError
from edge_runtime.evaluation.metrics import roc_auc
from edge_runtime.model.answers import AnswersSpec, Question
from edge_runtime.model.file import read_model_file, write_model_file
from edge_runtime.model.golden import check_golden
from edge_runtime.model.interpreter import open_interpreter, open_model_file
from edge_runtime.photos.manifest import photos_of, read_manifest

pytest.importorskip("tensorflow")
pytestmark = pytest.mark.slow

N_PATIENTS = 120


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Manifest of a made data set in PAD-UFES-20's layout, as prepare.py writes it."""
    from training.prepare import main
    from training.synthetic.lesions import draw_lesion

    folder = tmp_path_factory.mktemp("pad")
    (folder / "images").mkdir()
    rng, rows = np.random.default_rng(0), []
    for number in range(N_PATIENTS):
        malignant = number % 2 == 1
        name = f"PAT_{number}_{number}_1.png"
        # Half of the drawings tell the wrong class: the answers are needed.
        looks = malignant if number % 4 < 2 else not malignant
        image = draw_lesion(number, size_px=40, malignant_like=looks)
        Image.fromarray(image).save(folder / "images" / name)
        rows.append(
            {
                "patient_id": f"PAT_{number}",
                "age": str(30 + number % 50),
                "gender": ("FEMALE", "MALE", "")[number % 3],
                "fitspatrick": ("", "2.0", "3.0")[number % 3],
                "region": ("ARM", "NOSE", "BACK")[number % 3],
                "itch": rng.choice(["True", "False", "UNK"]),
                "bleed": str(malignant) if number % 10 else "UNK",
                "diagnostic": "BCC" if malignant else "NEV",
                "img_id": name,
            }
        )
    with (folder / "metadata.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    out = folder / "manifest.csv"
    words = ["--out", str(out), "--val-share", "0.5", "--duplicates", "exact"]
    assert main([str(folder), *words]) == 0
    return out


@pytest.fixture(scope="module")
def trained(table, tmp_path_factory):
    """A function: folder of a run that was also told the answers."""
    from training.train import main

    @functools.cache
    def train(fusion):
        out = tmp_path_factory.mktemp("runs") / fusion
        words = [
            "--manifest", str(table), "--network", "separable32", "--answers", fusion,
            "--augmentation", "none", "--epochs", "12", "--batch-size", "8",
            "--learning-rate", "5e-3", "--out", str(out),
        ]  # fmt: skip
        assert main(words) == 0
        return out

    return train


@pytest.fixture(scope="module", params=["concat", "metablock"])
def made(request, trained, table, tmp_path_factory):
    """Path of the file that such a run becomes."""
    from convert.to_tflite import main

    run, out = trained(request.param), tmp_path_factory.mktemp("models")
    words = [
        str(run / "model.keras"), "--manifest", str(table), "--recipe", "ptq_int8",
        "--out", str(out),
        # 48 photos: one more or less is beyond the gates.
        "--accept", "recall-drop", "--accept", "auc-drop",
        "--accept", "malignant-lost", "--accept", "distinct-scores",
        "--accept", "few-photos", "--accept", "score-change",
    ]  # fmt: skip
    assert main(words) == 0
    return out / "separable32.ptq_int8.tflite"


@pytest.fixture(scope="module")
def asking(made):
    return LesionClassifier.load(made, site=False)


@pytest.fixture(scope="module")
def photo(table):
    return photos_of(read_manifest(table), "val")[0].path


def test_prepared_table_holds_answers_in_our_words(table):
    photos = read_manifest(table)
    assert {photo.columns["bleed"] for photo in photos} == {"yes", "no", ""}
    assert {photo.columns["sex"] for photo in photos} == {"female", "male", ""}
    assert {photo.columns["fitzpatrick"] for photo in photos} == {"2", "3", ""}
    assert photos[0].columns["diagnostic"] in ("BCC", "NEV")


def test_one_file_holds_both_inputs_as_integers(made):
    model = open_interpreter(read_model_file(made).model)
    assert model.input_shape == (1, 32, 32, 3)
    assert model.answers_shape == (1, 45)
    # No and yes are stored as black and white are: as sharp as can be.
    assert model.answers.store(np.array([0.0, 1.0])).tolist() == [0, 255]


def test_card_lists_the_questions(made):
    card = json.loads(read_model_file(made).card.to_json())
    asked = {each["name"]: each["values"] for each in card["answers"]["questions"]}
    assert asked["itch"] == ["yes", "no"]
    assert asked["fitzpatrick"] == ["1", "2", "3", "4", "5", "6"]
    assert len(asked) == 10


def test_answers_change_the_score_the_way_the_table_taught(asking, photo):
    bleeding, dry = (asking.look(photo, {"bleed": w})[0] for w in ("yes", "no"))
    # Some steps of an 8-bit score: no rounding does that.
    assert bleeding >= dry + 4 / 256


def test_unknown_is_what_a_missing_answer_means(asking, photo):
    nothing = asking.look(photo)[0]
    everything = {each.name: "unknown" for each in asking.card.answers.questions}
    assert asking.look(photo, everything)[0] == nothing
    assert asking.look(photo, {"itch": None})[0] == nothing


def test_with_answers_the_classes_part_and_without_they_hardly_do(asking, table):
    photos = photos_of(read_manifest(table), "val")
    labels = np.array([int(each.malignant) for each in photos])
    told = [
        asking.look(each.path, {"bleed": each.columns["bleed"]})[0] for each in photos
    ]
    alone = [asking.look(each.path)[0] for each in photos]
    assert roc_auc(labels, np.array(told)) > roc_auc(labels, np.array(alone)) + 0.1


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"smoke": "yes"}, "nobody asks about smoke"),
        ({"bleed": "a bit"}, "answer to bleed is 'a bit'"),
        ({"age": 300}, "number from 0 to 120"),
    ],
)
def test_answers_that_the_card_does_not_know_are_refused(
    asking, photo, answers, message
):
    with pytest.raises(AnswerError, match=message):
        asking.classify(photo, answers=answers)


def test_command_line_takes_answers(made, photo, tmp_path, capsys):
    from edge_runtime.__main__ import main

    def probability(*words):
        assert main(["classify", str(made), str(photo), "--json", *words]) == 0
        verdict = json.loads(capsys.readouterr().out)
        given = "no" if words[-1] == "bleed=no" else "yes"
        assert verdict["answers"] == {"bleed": given}
        return verdict["probability"]

    file = tmp_path / "answers.json"
    file.write_text('{"bleed": true}')
    bleeding = probability("--answers", str(file))
    assert probability("--answer", "bleed=yes") == bleeding
    assert probability("--answers", str(file), "--answer", "bleed=no") < bleeding
    assert main(["classify", str(made), str(photo), "--answer", "bleed=so so"]) == 1
    assert "expected one of yes, no, unknown" in capsys.readouterr().err


def test_a_file_of_verdicts_is_not_gone_on_with_under_other_answers(
    made, photo, tmp_path, capsys
):
    from edge_runtime.__main__ import main

    out = tmp_path / "verdicts.jsonl"
    words = ["classify", str(made), str(photo), "--jsonl", str(out), "--answer"]
    assert main([*words, "bleed=yes"]) == 0
    before = out.read_bytes()
    assert main([*words, "bleed=no"]) == 1
    assert "under other answers" in capsys.readouterr().err
    assert out.read_bytes() == before


def test_golden_vectors_hold_answers_and_repeat(made):
    file = read_model_file(made)
    assert check_golden(file) == ()
    with np.load(io.BytesIO(file.golden), allow_pickle=False) as arrays:
        assert arrays["answers"].shape == (len(arrays["names"]), 45)
        assert len(np.unique(arrays["answers"], axis=0)) == len(arrays["names"])


def test_file_passes_its_own_check_with_its_photos(made, table, capsys):
    from convert.verify import main

    assert main([str(made), "--manifest", str(table)]) == 0
    assert "FAILED" not in capsys.readouterr().out


def test_a_card_of_other_questions_is_another_model_s(made, tmp_path):
    file = read_model_file(made)
    fewer = dataclasses.replace(
        file.card, answers=AnswersSpec((Question("itch", ("yes", "no")),),
                                       "uint8", 1 / 255, 0),
    )  # fmt: skip
    path = tmp_path / "fewer.tflite"
    write_model_file(path, file.model, fewer, file.labels, file.golden)
    with pytest.raises(CardMismatchError, match="shape of answers"):
        open_model_file(read_model_file(path))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--recipe", "qat_int8"], "fine-tuning takes models of one picture"),
        (["--recipe", "ptq_int8", "--target", "coral"], "feeds a photo alone"),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_way_out(
    trained, table, tmp_path, capsys, words, message
):
    from convert.to_tflite import main

    run = trained("concat")
    given = [str(run / "model.keras"), "--manifest", str(table), "--out", str(tmp_path)]
    assert main([*given, *words]) == 1
    assert message in capsys.readouterr().err


def test_benchmark_tells_a_model_what_the_manifest_tells(made, table, tmp_path):
    from benchmarks.run import main

    words = [
        "--models", str(made.parent), "--manifest", str(table), "--split", "val",
        "--out", str(tmp_path), "--warmup-runs", "1", "--num-runs", "3",
        "--min-secs", "0", "--only", "separable32.ptq_int8",
    ]  # fmt: skip
    assert main(words) == 0
    (result,) = tmp_path.rglob("*separable32*.json")
    photos = json.loads(result.read_text())["measurement"]["scores"]
    labels = np.array([int(each["malignant"]) for each in photos])
    measured = roc_auc(labels, np.array([each["score"] for each in photos]))
    val = read_model_file(made).card.accuracy[0]
    # The same photos and answers as when the file was made.
    assert measured == pytest.approx(val.auc, abs=1e-9)


def test_pages_and_service_give_a_model_the_answers(asking, photo):
    pytest.importorskip("flask")
    from web_demo.app import create_app
    from web_demo.judging.capacity import Limits

    client = create_app([asking], limits=Limits(rate=None)).test_client()

    def post(path, **fields):
        file = (io.BytesIO(photo.read_bytes()), "photo.png")
        return client.post(path, data={"photo": file, **fields})

    for told in ("yes", "no"):
        answer = post("/api/v1/classify", answer_bleed=told, answer_age="50")
        (verdict,) = answer.json["results"]
        expected = asking.classify(photo, answers={"bleed": told, "age": 50})
        assert verdict["probability"] == expected.probability
        assert verdict["answers"] == {"age": 50, "bleed": told}
        page = post("/verdict", answer_bleed=told, answer_age="50").text
        assert expected.reason in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "expected one of yes, no" in post("/verdict", answer_bleed="so so").text


def test_a_kit_asks_in_plain_words_and_holds_every_answer(made, tmp_path):
    from convert.package import main

    kit = tmp_path / "kit"
    assert main([str(made), "--target", "cpp", "--out", str(kit)]) == 0
    questions = (kit / "lesion/questions.h").read_text()
    assert '{"itch", "Does it itch?", 0.0, 0.0, {"yes", "no"}},' in questions
    spec = read_model_file(made).card.answers
    heads, *rows = (kit / "golden/answers.tsv").read_text().splitlines()
    assert heads == "answers\tstored"
    table = dict(row.split("\t") for row in rows)
    for answers in ({}, {"itch": "no"}, {"age": 42}, {"region": "nose"}):
        told = ";".join(
            f"{name}={float(answer) if name == 'age' else answer}"
            for name, answer in answers.items()
        )
        assert table[told] == spec.stored(answers).tobytes().hex()
