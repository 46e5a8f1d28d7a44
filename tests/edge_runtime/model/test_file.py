"""A model file reads back whole, or is refused by name before anything runs it."""

import hashlib
import shutil
import zipfile

import numpy as np
import pytest

from edge_runtime.errors import CardMismatchError, ModelFileError
from edge_runtime.model import file
from edge_runtime.model.appended_zip import pack
from edge_runtime.model.card import ModelCard
from edge_runtime.model.file import read_model_file, write_model_file


def test_what_is_written_reads_back(made_model, flatbuffer, card):
    file = read_model_file(made_model)
    assert file.path == made_model
    assert file.model == flatbuffer
    assert file.card == card
    assert file.labels == ("malignant",)
    assert file.golden == b"golden vectors"


def test_the_same_content_gives_the_same_bytes(made_model, flatbuffer, card, tmp_path):
    again = tmp_path / "again.tflite"
    write_model_file(again, flatbuffer, card, ("malignant",), b"golden vectors")
    assert again.read_bytes() == made_model.read_bytes()


def test_any_unzip_program_shows_the_card(made_model, card):
    with zipfile.ZipFile(made_model) as archive:
        assert archive.namelist() == ["card.json", "labels.txt", "golden.npz"]
        assert ModelCard.from_json(archive.read("card.json").decode()) == card
        assert archive.read("labels.txt") == b"malignant\n"


class TestRefusals:
    def test_an_absent_file_is_named(self, tmp_path):
        with pytest.raises(ModelFileError, match=r"nowhere\.tflite.*cannot be read"):
            read_model_file(tmp_path / "nowhere.tflite")

    def test_a_folder_is_no_model(self, tmp_path):
        with pytest.raises(ModelFileError, match="cannot be read"):
            read_model_file(tmp_path)

    @pytest.mark.parametrize("content", [b"", b"TFL3", b"PK\3\4" + bytes(100)])
    def test_another_kind_of_file_is_named(self, tmp_path, content):
        path = tmp_path / "other.tflite"
        path.write_bytes(content)
        with pytest.raises(ModelFileError, match=r"other\.tflite is not a TFLite"):
            read_model_file(path)

    def test_a_model_without_a_card_is_named(self, tmp_path, flatbuffer):
        path = tmp_path / "bare.tflite"
        path.write_bytes(flatbuffer)
        with pytest.raises(ModelFileError, match=r"bare\.tflite has no readable card"):
            read_model_file(path)

    def test_every_truncation_is_noticed(self, made_model):
        whole = made_model.read_bytes()
        for length in range(0, len(whole), 61):
            made_model.write_bytes(whole[:length])
            with pytest.raises(ModelFileError, match=r"made\.tflite"):
                read_model_file(made_model)

    def test_flipped_bits_are_noticed_wherever_they_are(self, made_model):
        whole = made_model.read_bytes()
        random = np.random.default_rng(0)
        for place in random.choice(len(whole), 100, replace=False):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << random.integers(8)
            made_model.write_bytes(damaged)
            with pytest.raises(ModelFileError, match=r"made\.tflite"):
                read_model_file(made_model)

    def test_a_flipped_bit_in_the_weights_is_a_mismatch(self, made_model):
        damaged = bytearray(made_model.read_bytes())
        damaged[100] ^= 1
        made_model.write_bytes(damaged)
        with pytest.raises(CardMismatchError, match="SHA-256"):
            read_model_file(made_model)

    def test_another_models_card_is_refused(self, made_model, flatbuffer, tmp_path):
        other = flatbuffer + b"other weights"
        tail = made_model.read_bytes()[len(flatbuffer) :]
        members = {
            "card.json": tail[39 : tail.index(b"PK", 4)],
            "labels.txt": b"malignant\n",
            "golden.npz": b"golden vectors",
        }
        path = tmp_path / "foreign.tflite"
        path.write_bytes(other + pack(members, len(other)))
        with pytest.raises(CardMismatchError, match=r"foreign\.tflite has SHA-256"):
            read_model_file(path)

    @pytest.mark.parametrize(
        "labels", [b"", b"other\nmalignant\n", b"malignant\nother\nthird\n", b"mal\xff"]
    )
    def test_other_labels_are_refused(self, tmp_path, flatbuffer, card, labels):
        members = {
            "card.json": card.to_json().encode(),
            "labels.txt": labels,
            "golden.npz": b"",
        }
        path = tmp_path / "labels.tflite"
        path.write_bytes(flatbuffer + pack(members, len(flatbuffer)))
        with pytest.raises(ModelFileError, match=r"labels\.tflite"):
            read_model_file(path)

    def test_a_card_that_is_no_card_is_refused_by_name(self, tmp_path, flatbuffer):
        members = {"card.json": b"{}", "labels.txt": b"malignant", "golden.npz": b""}
        path = tmp_path / "odd.tflite"
        path.write_bytes(flatbuffer + pack(members, len(flatbuffer)))
        with pytest.raises(ModelFileError, match=r"odd\.tflite: expected a card"):
            read_model_file(path)

    def test_a_file_too_large_for_a_model_is_not_read(self, made_model, monkeypatch):
        monkeypatch.setattr(file, "LARGEST_MODEL_BYTES", 100)
        with pytest.raises(ModelFileError, match="at most 100"):
            read_model_file(made_model)


class TestWriting:
    def test_a_card_of_another_model_is_not_written(self, tmp_path, flatbuffer, card):
        path = tmp_path / "never.tflite"
        with pytest.raises(CardMismatchError, match="SHA-256"):
            write_model_file(path, flatbuffer + b"x", card, ("malignant",), b"")
        assert not path.exists()

    def test_what_is_no_model_is_not_written(self, tmp_path, card, changed):
        content = b"no FlatBuffer"
        fitting = changed(card, "model_sha256", hashlib.sha256(content).hexdigest())
        with pytest.raises(ModelFileError, match="not a TFLite model"):
            write_model_file(tmp_path / "never.tflite", content, fitting, (), b"")

    def test_what_could_not_be_read_is_not_written(self, tmp_path, flatbuffer, card):
        golden = bytes(file.LARGEST_MEMBER_BYTES["golden.npz"] + 1)
        with pytest.raises(ModelFileError, match=r"golden\.npz"):
            write_model_file(
                tmp_path / "never.tflite", flatbuffer, card, ("malignant",), golden
            )
        assert not [*tmp_path.iterdir()]


def test_a_real_model_is_refused_wherever_a_bit_flips(model_path, tmp_path):
    path = tmp_path / "copy.tflite"
    shutil.copyfile(model_path, path)
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    for place in random.integers(0, len(whole), 50):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << random.integers(8)
        path.write_bytes(damaged)
        with pytest.raises(ModelFileError, match=r"copy\.tflite"):
            read_model_file(path)
