import io
import json
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from convert.errors import ConversionError
from convert.tflite.metadata import Description, metadata_buffer, with_metadata
from edge_runtime.model.interpreter import open_interpreter

DESCRIPTION = Description(
    name="tiny.ptq_int8",
    description="A tiny network. Not a medical device.",
    version="0.1.0",
    author="the makers",
    licence="CC BY-NC 4.0, é",
    size_px=16,
    mean=127.5,
    std=63.75,
)


class Walk:
    """A table of a FlatBuffer, read by the format's own rules and nothing else.

    https://flatbuffers.dev/internals/: a table starts with the distance back to its
    vtable, which holds the distance of each field from the table's start.
    """

    def __init__(self, content, position):
        self.content, self.position = content, position

    def number(self, form, position):
        return struct.unpack_from(form, self.content, position)[0]

    def at(self, slot):
        vtable = self.position - self.number("<i", self.position)
        if 4 + 2 * slot >= self.number("<H", vtable):
            return None
        distance = self.number("<H", vtable + 4 + 2 * slot)
        return self.position + distance if distance else None

    def target(self, slot):
        return self.at(slot) + self.number("<I", self.at(slot))

    def table(self, slot):
        return Walk(self.content, self.target(slot))

    def text(self, slot):
        start = self.target(slot)
        length = self.number("<I", start)
        return self.content[start + 4 : start + 4 + length].decode()

    def only(self, slot):
        """The only table of a vector of tables."""
        start = self.target(slot)
        assert self.number("<I", start) == 1
        return Walk(self.content, start + 4 + self.number("<I", start + 4))

    def floats(self, slot):
        start = self.target(slot)
        return struct.unpack_from(
            f"<{self.number('<I', start)}f", self.content, start + 4
        )


@pytest.fixture
def described(tiny_models):
    return with_metadata(tiny_models["int8"], DESCRIPTION)


@pytest.fixture
def root(described):
    content = metadata_buffer(described)
    assert content[4:8] == b"M001"
    return Walk(content, struct.unpack_from("<I", content)[0])


def test_model_is_described_in_the_slots_of_the_schema(root):
    assert root.text(0) == DESCRIPTION.name
    assert root.text(1) == DESCRIPTION.description
    assert root.text(2) == DESCRIPTION.version
    assert root.text(4) == DESCRIPTION.author
    assert root.text(5) == DESCRIPTION.licence
    assert root.at(6) is None
    assert root.text(7) == "1.0.0"


def test_input_is_an_rgb_photo_with_its_normalisation(root):
    photo = root.only(3).only(2)
    assert photo.text(0) == "photo"
    content = photo.table(3)
    assert content.number("<B", content.at(0)) == 2  # ImageProperties
    image = content.table(1)
    assert image.number("<b", image.at(0)) == 1  # RGB
    size = image.table(1)
    assert [size.number("<I", size.at(slot)) for slot in (0, 1)] == [16, 16]
    step = photo.only(4)
    assert step.number("<B", step.at(0)) == 1  # NormalizationOptions
    assert step.table(1).floats(0) == (127.5,)
    assert step.table(1).floats(1) == (63.75,)
    # (255 - 127.5) / 63.75 and (0 - 127.5) / 63.75
    assert photo.table(5).floats(0) == (2.0,)
    assert photo.table(5).floats(1) == (-2.0,)


def test_output_names_the_file_of_its_labels(root):
    score = root.only(3).only(3)
    content = score.table(3)
    assert content.number("<B", content.at(0)) == 1  # FeatureProperties
    labels = score.only(6)
    assert labels.text(0) == "labels.txt"
    assert labels.number("<b", labels.at(2)) == 2  # TENSOR_AXIS_LABELS


@pytest.mark.parametrize("kind", ["int8", "float32", "float16_unfused"])
def test_outputs_stay_the_same(tiny_models, kind):
    before = open_interpreter(tiny_models[kind])
    after = open_interpreter(with_metadata(tiny_models[kind], DESCRIPTION))
    for pixels in np.random.default_rng(0).integers(0, 256, (5, *before.input_shape)):
        stored = before.input.store(pixels / 255)
        np.testing.assert_array_equal(after.infer(stored), before.infer(stored))


def test_same_description_gives_the_same_bytes(tiny_models, described):
    assert with_metadata(tiny_models["int8"], DESCRIPTION) == described


def test_model_without_metadata_has_none(tiny_models):
    assert metadata_buffer(tiny_models["int8"]) is None


def test_what_is_no_model_is_refused():
    with pytest.raises(ConversionError, match="expected a TFLite model"):
        with_metadata(b"\x89PNG\r\n\x1a\n" + bytes(64), DESCRIPTION)


READER = """
import sys
from tflite_support import metadata
print(metadata.MetadataDisplayer.with_model_file(sys.argv[1]).get_metadata_json())
"""


@pytest.mark.long
@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="its last wheel is cp311")
def test_tflite_support_reads_the_same(described, tmp_path):
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin/python"
    installed = subprocess.run(
        [python, "-m", "pip", "install", "-q", "tflite-support==0.4.4"],
        capture_output=True,
        text=True,
    )
    if installed.returncode:
        pytest.skip(f"tflite-support does not install here: {installed.stderr[-200:]}")
    labels = io.BytesIO()
    with zipfile.ZipFile(labels, "w") as archive:
        archive.writestr("labels.txt", "malignant\n")
    model = tmp_path / "model.tflite"
    model.write_bytes(described + labels.getvalue())
    read = subprocess.run([python, "-c", READER, model], capture_output=True, text=True)
    if "ImportError" in read.stderr:
        pytest.skip(f"tflite-support does not import here: {read.stderr[-200:]}")
    assert read.returncode == 0, read.stderr
    content = json.loads(read.stdout)
    assert content["name"] == DESCRIPTION.name
    assert content["license"] == DESCRIPTION.licence
    tensors = content["subgraph_metadata"][0]
    photo = tensors["input_tensor_metadata"][0]
    assert photo["process_units"][0]["options"] == {"mean": [127.5], "std": [63.75]}
    assert photo["content"]["content_properties"]["color_space"] == "RGB"
    labels = tensors["output_tensor_metadata"][0]["associated_files"][0]
    assert labels["type"] == "TENSOR_AXIS_LABELS"
