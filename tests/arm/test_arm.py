"""On an Arm, with the real aarch64 wheels, the runtime says what it says here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edge_runtime.model.file import read_model_file

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROCESSORS = ["cortex-a72", "cortex-a76"]

pytestmark = pytest.mark.arm
on_both = pytest.mark.parametrize("processor", PROCESSORS)


@pytest.fixture(scope="session")
def here(photos):
    """What this machine says about the photos."""
    done = subprocess.run(
        [sys.executable, HERE / "judge_photos.py", ROOT / "models", photos],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["models"], "models/ is empty, so nothing would be compared"
    return found


@on_both
def test_fifty_photos_get_the_same_verdicts_to_the_byte(
    on_arm, photos, here, processor
):
    done = on_arm(processor, HERE / "judge_photos.py", ROOT / "models", photos)
    assert done.returncode == 0, done.stderr
    # LiteRT leaves XNNPACK out without a word when it does not know the processor.
    assert "Created TensorFlow Lite XNNPACK delegate" in done.stderr
    there = json.loads(done.stdout)
    assert there["machine"] == "aarch64"
    assert there["models"].keys() == here["models"].keys()
    for name, ours in here["models"].items():
        theirs = there["models"][name]
        assert theirs["kernel_family"] == ours["kernel_family"] == "xnnpack"
        assert len(theirs["photos"]) == 50
        for photo, expected in ours["photos"].items():
            found = theirs["photos"][photo]
            # exp and log may differ in the last digit between C libraries.
            assert found.pop("probability") == pytest.approx(
                expected["probability"], rel=1e-12
            )
            rest = {key: value for key, value in expected.items() if key in found}
            assert found == rest, (name, photo)


def test_the_outputs_are_not_all_the_same(here):
    for name, ours in here["models"].items():
        assert len({row["stored"] for row in ours["photos"].values()}) >= 10, name


@on_both
def test_the_command_works_as_installed(on_arm, processor):
    done = on_arm(
        processor, "-m", "edge_runtime", "classify",
        ROOT / "models/cnn32.qat_int8.tflite", ROOT / "samples", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == len(list((ROOT / "samples").glob("*.[jp][pn]g")))
    assert {line["type"] for line in lines} == {"verdict"}


def test_the_runtime_came_from_its_own_distribution(system):
    site = system / "root/site"
    (metadata,) = site.glob("lesion_edge_runtime-*.dist-info/METADATA")
    assert "Name: lesion-edge-runtime" in metadata.read_text()
    installed = {path.name.partition("-")[0] for path in site.glob("*.dist-info")}
    assert {"ai_edge_litert", "numpy", "pillow"} <= {name.lower() for name in installed}
    assert not {"tensorflow", "keras", "torch"} & installed


@pytest.fixture(scope="session")
def counted(system, on_arm):
    """Function: instructions of each run of one inference, counted once a session.

    All counts are left in instructions.json beside the emulated system.
    """
    plugin, found = system / "count_instructions.so", {}
    if not plugin.is_file():
        pytest.skip("the counting plugin was not compiled; install gcc")

    def count(processor, name, model):
        if (name, processor) not in found:
            found[name, processor] = marked(processor, model)
        return found[name, processor]

    def marked(processor, model):
        done = on_arm(processor, HERE / "mark_inferences.py", model, plugin=plugin)
        assert done.returncode == 0, done.stderr
        assert "Created TensorFlow Lite XNNPACK delegate" in done.stderr
        marks = [
            int(line.split()[2])
            for line in done.stderr.splitlines()
            if line.startswith("MARK ")
        ]
        triples = zip(marks[::3], marks[1::3], marks[2::3], strict=True)
        return [(after - begin) - (begin - bare) for bare, begin, after in triples]

    yield count
    table = {}
    for (name, processor), runs in sorted(found.items()):
        table.setdefault(name, {})[processor] = min(runs)
    (system / "instructions.json").write_text(json.dumps(table, indent=2) + "\n")
    print("\ninstructions an inference:")
    for name, counts in table.items():
        print(name, *(f"{processor} {count:,}" for processor, count in counts.items()))


@pytest.fixture(scope="session")
def floats(tmp_path_factory):
    """Function: a float file of a shipped model's network, with weights by chance.

    Any weights cost the same. The block order is one that the converter folds whole,
    so float is not charged for batch norms that int8 is spared.
    """
    pytest.importorskip("tensorflow")
    folder = tmp_path_factory.mktemp("floats")

    def convert(network):
        import tensorflow

        from training.networks.catalogue import whole
        from training.networks.designs import DESIGNS

        path = folder / f"{network}.tflite"
        if not path.is_file():
            converter = tensorflow.lite.TFLiteConverter.from_keras_model(
                whole(DESIGNS[network], block_order="bn_relu")
            )
            path.write_bytes(converter.convert())
        return path

    return convert


SHIPPED = pytest.mark.parametrize(
    "model", sorted((ROOT / "models").glob("*.tflite")), ids=lambda path: path.stem
)


@SHIPPED
@on_both
def test_instructions_of_an_inference_repeat(counted, processor, model):
    runs = counted(processor, model.stem, model)
    # Python's own share of a call differs by a garbage collection now and then.
    assert max(runs) - min(runs) <= 0.02 * min(runs) + 20_000


@SHIPPED
@on_both
def test_int8_is_worth_it_where_the_processor_has_dot_products(
    counted, floats, processor, model
):
    network = read_model_file(model).card.network
    int8 = min(counted(processor, model.stem, model))
    floating = min(counted(processor, f"{network}.float", floats(network)))
    if processor == "cortex-a76":
        # A third for plain convolutions, up to 0.63 for small depthwise networks.
        assert int8 < 0.7 * floating
    else:
        # No dot products for int8: as many instructions, for a quarter of the bytes.
        assert int8 < 1.6 * floating
