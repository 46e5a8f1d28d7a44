import hashlib
import json

import keras
import pytest

from convert.errors import ConversionError
from convert.source.model import read_source

layers = keras.layers


def _model(shape=(16, 16, 3), units=1, outputs=1, name="given", activation=None):
    pixels = keras.Input(shape)
    features = layers.GlobalAveragePooling2D()(pixels)
    heads = [
        layers.Dense(units, activation=activation)(features) for _ in range(outputs)
    ]
    return keras.Model(pixels, heads if outputs > 1 else heads[0], name=name)


@pytest.fixture
def saved(tmp_path):
    """A function that saves a model, and a record beside it, and gives the path."""

    def save(model, record=None):
        path = tmp_path / "model.keras"
        model.save(path)
        if record is not None:
            (tmp_path / "training.json").write_text(record)
        return path

    return save


class TestReadSource:
    def test_tells_what_the_record_beside_it_says(self, saved):
        record = {"network": "cnn32", "settings": {"augmentation": "none"}}
        path = saved(_model(), json.dumps(record))
        source = read_source(path)
        assert source.network == "cnn32"
        assert source.settings == {"augmentation": "none"}
        assert source.size_px == 16
        assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()

    def test_needs_no_record(self, saved):
        source = read_source(saved(_model(name="mine")))
        assert (source.network, source.training) == ("mine", {})
        assert source.settings == {}

    def test_takes_sequential_models(self, saved):
        model = keras.Sequential(
            [keras.Input((16, 16, 3)), layers.GlobalMaxPooling2D(), layers.Dense(1)]
        )
        assert read_source(saved(model)).size_px == 16

    @pytest.mark.parametrize(
        ("model", "message"),
        [
            (lambda: _model((16, 16, 2)), r"\(None, 16, 16, 2\); expected"),
            (lambda: _model((16, 24, 3)), "expected squares"),
            (lambda: _model((None, None, 3)), "--image-size 224"),
            (
                lambda: _model(units=300),
                "that is 300 classes; expected one",
            ),
            (lambda: _model(outputs=5), "that is 5 outputs; expected one"),
            (
                lambda: _model(units=2, activation="relu"),
                "2 units and the activation relu; expected one sigmoid unit",
            ),
            (
                lambda: keras.Sequential(
                    [keras.Input((9, 3)), layers.LSTM(4), layers.Dense(1)]
                ),
                r"takes \(None, 9, 3\); expected RGB pictures",
            ),
        ],
        ids=[
            "two-channels",
            "oblong",
            "any-size",
            "classes",
            "outputs",
            "relus",
            "lstm",
        ],
    )
    def test_names_what_it_takes_and_gives_instead(self, saved, model, message):
        with pytest.raises(ConversionError, match=message):
            read_source(saved(model()))

    @pytest.mark.parametrize("record", ["", "[]", "3", '{"settings": []}', "{"])
    def test_refuses_a_record_that_is_none(self, saved, record):
        with pytest.raises(ConversionError, match=r"training\.json is not a training"):
            read_source(saved(_model(), record))

    @pytest.mark.parametrize(
        "damage",
        [
            pytest.param(lambda content: b"", id="empty"),
            pytest.param(lambda content: b"a text", id="text"),
            pytest.param(lambda content: content[: len(content) // 2], id="truncated"),
            pytest.param(
                lambda content: content.replace(b"config.json", b"nothing.txt"),
                id="another-zip",
            ),
            pytest.param(
                lambda content: content.replace(b"GlobalAverage", b"GlobalEverage"),
                id="flipped-bits",
            ),
        ],
    )
    def test_refuses_a_file_that_is_no_keras_model(self, saved, damage):
        path = saved(_model())
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(ConversionError, match=r"model\.keras is not a model that"):
            read_source(path)

    def test_refuses_a_missing_file(self, tmp_path):
        with pytest.raises(ConversionError, match=r"none\.keras cannot be read"):
            read_source(tmp_path / "none.keras")

    def test_refuses_a_folder(self, tmp_path):
        (tmp_path / "folder.keras").mkdir()
        with pytest.raises(ConversionError, match=r"folder\.keras is a folder without"):
            read_source(tmp_path / "folder.keras")

    @pytest.mark.parametrize("name", ["model.tflite", "model"])
    def test_refuses_another_kind_of_file(self, tmp_path, name):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(
            ConversionError, match=r"of no known format; expected a \.keras"
        ):
            read_source(tmp_path / name)
