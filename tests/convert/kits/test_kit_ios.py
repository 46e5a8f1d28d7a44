"""The iOS kit's Swift, compiled by Debian 13's compiler and run on Linux."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edge_runtime import LesionClassifier
from edge_runtime.model.file import read_model_file
from edge_runtime.verdict import decision

PROGRAMS = Path(__file__).parent
# Its own mounts, which end with it.
INSIDE = """
mount --bind /proc {root}/proc
mount --bind /dev {root}/dev
exec chroot {root} /bin/bash -c {words}
"""

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def swift():
    """A function: run words in the Debian that has Swift; and a folder inside."""
    named = os.environ.get("LESION_EDGE_SWIFT")
    if not named or not (Path(named) / "root/usr/bin/swiftc").exists():
        pytest.skip("needs the Swift compiler that make test-swift installs")
    root = Path(named).resolve() / "root"

    def run(folder, *words):
        inside = f"cd /tmp/{folder} && {shlex.join(map(str, words))}"
        path = "/usr/libexec/swift/lib/swift/linux"
        script = INSIDE.format(
            root=shlex.quote(str(root)),
            words=shlex.quote(f"PATH=/usr/bin LD_LIBRARY_PATH={path}; "
                              f"export PATH LD_LIBRARY_PATH; {inside}"),
        )  # fmt: skip
        done = subprocess.run(
            ["unshare", "-m", "sh", "-ec", script],
            capture_output=True, text=True, timeout=500, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return done.stdout.splitlines()

    run.root = root
    return run


def _compiled(swift, kit):
    """The kit's folder inside, with the test program compiled."""
    folder = swift.root / "tmp" / kit.parent.name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(kit, folder)
    shutil.copy(PROGRAMS / "sabotage.swift", folder)
    sources = sorted((folder / "LesionKit/Sources/LesionKit").glob("*.swift"))
    swift(folder.name, "swiftc", "-O", "-warnings-as-errors", "-parse-as-library",
          *(path.relative_to(folder) for path in sources), "sabotage.swift",
          "-o", "sabotage")  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def kit(swift, kit_of):
    folder = _compiled(swift, kit_of("ios"))
    yield folder
    shutil.rmtree(folder)


def test_answers_are_part_of_the_self_test(swift, kit_of):
    folder = _compiled(swift, kit_of("ios", "phone64"))
    words = folder.name, "./sabotage", "self-test", "golden"
    assert swift(*words, "nothing") == []
    assert "answers" in swift(*words, "answers forgotten")
    shutil.rmtree(folder)


def test_self_test_names_the_step_that_is_wrong(swift, kit, sabotage):
    what, steps = sabotage
    assert set(swift(kit.name, "./sabotage", "self-test", "golden", what)) == steps


def test_self_test_names_a_wrong_decoder(swift, kit):
    found = swift(kit.name, "./sabotage", "self-test", "golden", "decoder")
    assert found == ["decode"]


def test_any_picture_gives_python_s_pixels_and_any_output_its_verdict(
    swift, kit, pictures, assert_python_s_pixels, assert_python_s_verdicts
):
    lines = []
    for width, height, path, _ in pictures:
        shutil.copy(path, kit)
        lines.append(f"{width}\t{height}\t{path.name}\n")
    (kit / "pictures").write_text("".join(lines))
    said = swift(kit.name, "./sabotage", "pictures", "pictures")
    for _, _, path, _ in pictures:
        shutil.copy(kit / f"{path.name}.pixels", path.parent)
    (model,) = kit.glob("model/*.tflite")
    card = read_model_file(model).card
    assert_python_s_pixels(pictures, card.input.size_px)
    assert len(said) == 256
    assert_python_s_verdicts(said, card)


def test_self_test_names_a_missing_look_at_the_photo(swift, kit):
    words = ["./sabotage", "self-test", "golden", "no look at the photo"]
    assert swift(kit.name, *words) == ["quality"]


def test_photos_get_python_s_findings_and_verdicts(swift, kit, spoilt_photos):
    """Of each photo its findings, and the decision with them for every output."""
    lines = []
    for width, height, path, _ in spoilt_photos:
        shutil.copy(path, kit)
        lines.append(f"{width}\t{height}\t{path.name}\n")
    (kit / "photos").write_text("".join(lines))
    said = swift(kit.name, "./sabotage", "pictures", "photos", "looks")
    (model,) = kit.glob("model/*.tflite")
    classifier = LesionClassifier.load(model, threads=1)
    card, seen = classifier.card, set()
    scores = card.output.quantization.restore(np.arange(256).astype(np.uint8))
    for (*_, image), line in zip(spoilt_photos, said, strict=True):
        *decisions, names = line.split("\t")
        # Kits have no finding about the framing: their apps let people frame.
        findings = [
            each
            for each in classifier.classify(image).findings
            if each.name != "framing"
        ]
        assert names == ",".join(each.name for each in findings)
        assert decisions == [decision(float(x), card, findings) for x in scores]
        seen |= {each.name for each in findings}
    assert len(seen) >= 6, seen


def test_the_app_is_swift(swift, kit):
    """Its syntax alone: UIKit and TensorFlow Lite exist on Apple's systems only."""
    swift(kit.name, "swiftc", "-frontend", "-parse",
          *(path.relative_to(kit) for path in kit.glob("App/*.swift")))  # fmt: skip
