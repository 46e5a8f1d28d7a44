"""The model inside the page against Python: the same bytes, the same verdicts."""

import base64
import csv
import dataclasses
import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from edge_runtime import LesionClassifier
from edge_runtime.heat_map import heat_map
from edge_runtime.model.file import read_model_file
from edge_runtime.photos.crop import Crop
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.lesion_locator import framing_finding, located, suggested
from edge_runtime.photos.preprocessing import preprocess
from edge_runtime.photos.quality import Finding
from edge_runtime.verdict import Verdict
from web_demo.wording import explanation, percent

# exp and log of two libraries may differ in the last digits.
PROBABILITY_TOLERANCE = 1e-9
# Sums of 16,384 float32 numbers in another order.
QUALITY_TOLERANCE = 1e-4

WALK = """async ({name, image, stored}) => {
  const {model, judge, resize, verdict} = modules;
  const card = (await model.modelCards()).find((each) => each.name === name);
  const it = await judge.judgeFor(card);
  const decoded = {...image, rgb: bytes(image.rgb)};
  const pixels = resize.preprocess(decoded, card.input.size_px);
  const input = verdict.store(pixels, it.table);
  const Stored = it.table.constructor;
  const output = await it.model.infer(new Stored(bytes(stored).buffer));
  return {pixels: text(pixels), stored: text(new Uint8Array(input.buffer)),
          output: output.stored,
          probability: verdict.calibrated(output.score, card.temperature)};
}"""

JUDGE = """async ({name, image}) => {
  const {model, judge} = modules;
  const card = (await model.modelCards()).find((each) => each.name === name);
  const it = await judge.judgeFor(card);
  const decoded = {...image, rgb: bytes(image.rgb)};
  return it.verdict(decoded, "photo", 0);
}"""


def unpacked(text):
    return np.frombuffer(base64.b64decode(text), np.uint8)


def test_golden_vectors_hold_at_every_step(laboratory, packed, model_paths, subtests):
    for path in model_paths:
        with subtests.test(path.stem):
            assert_golden(laboratory, packed, read_model_file(path))


def assert_golden(laboratory, packed, file):
    with np.load(io.BytesIO(file.golden), allow_pickle=False) as golden:
        for place, name in enumerate(each.decode() for each in golden["names"]):
            stored = golden["input"][place]
            arguments = {
                "name": file.card.name,
                "image": packed(golden[f"rgb/{name}"]),
                "stored": base64.b64encode(stored.tobytes()).decode(),
            }
            found = laboratory.evaluate(WALK, arguments)
            pixels = golden["pixels"][place]
            assert np.array_equal(unpacked(found["pixels"]), pixels.ravel()), name
            assert base64.b64decode(found["stored"]) == stored.tobytes(), name
            assert found["output"] == golden["output"][place][0], name
            expected = golden["probability"][place]
            assert abs(found["probability"] - expected) < PROBABILITY_TOLERANCE


@pytest.mark.parametrize("size", [16, 32, 64, 128, 320])
def test_resizing_is_pillows_for_any_shape(laboratory, packed, size):
    random = np.random.default_rng(7)
    shapes = [(1, 1), (1, 9), (15, 16), (16, 17), (33, 64), (63, 65), (144, 144)]
    shapes += [tuple(random.integers(2, 700, 2)) for _ in range(8)]
    for shape in shapes:
        image = random.integers(0, 256, (*shape, 3)).astype(np.uint8)
        found = laboratory.evaluate(
            "({image, size}) => text(modules.resize.preprocess("
            "{...image, rgb: bytes(image.rgb)}, size))",
            {"image": packed(image), "size": size},
        )
        expected = preprocess(image, size).ravel()
        assert np.array_equal(unpacked(found), expected), shape


def assert_same(found, expected):
    assert found["decision"] == expected.decision
    assert found["label"] == expected.label
    assert found["reason"] == expected.reason
    assert found["accuracy"] == dataclasses.asdict(expected.accuracy)
    assert found["answers"] == expected.answers
    assert abs(found["probability"] - expected.probability) < PROBABILITY_TOLERANCE
    assert found["threshold"] == expected.threshold
    assert found["model_sha256"] == expected.model_sha256
    assert found["notice"] == expected.to_json()["notice"]
    assert set(found) == set(expected.to_json())
    assert found["timings_ms"].keys() == expected.timings_ms.keys()
    ours = [Finding(**each) for each in found["findings"]]
    assert [(each.name, each.unusable, each.message) for each in ours] == [
        (each.name, each.unusable, each.message) for each in expected.findings
    ]
    for one, other in zip(ours, expected.findings, strict=True):
        assert one.limit == other.limit
        assert one.value == pytest.approx(other.value, rel=QUALITY_TOLERANCE)


def difficult(root):
    """Photos of all kinds that a finding speaks against, and the drawn ones."""
    random = np.random.default_rng(3)
    noise = random.integers(0, 256, (100, 120, 3)).astype(np.uint8)
    skin = np.full((150, 150, 3), (200, 150, 120), np.uint8)
    blue = noise // 4
    blue[..., 2] += 150
    blurred = Image.fromarray(noise).resize((9, 9)).resize((300, 300))
    yield from (noise, skin, blue, np.asarray(blurred), noise[:20, :20], noise // 20)
    yield from (255 - noise // 20, np.zeros((64, 64, 3), np.uint8))
    yield np.where(random.random((128, 128, 1)) < 0.03, 255, noise[:1, :1])[
        ..., [0, 0, 0]
    ].astype(np.uint8)
    for path in sorted((root / "samples").glob("*.png")):
        yield read_photo(path)


def test_verdicts_are_pythons(laboratory, packed, root, model_paths):
    names = set()
    for path in model_paths:
        classifier = LesionClassifier.load(path, threads=1)
        for image in difficult(root):
            arguments = {"name": classifier.card.name, "image": packed(image)}
            expected = classifier.classify(image)
            assert_same(laboratory.evaluate(JUDGE, arguments), expected)
            names |= {finding.name for finding in expected.findings}
    assert {"small", "dark", "bright", "uniform", "not_skin", "blurred"} <= names


LOCATE = """async (image) => {
  const {located, suggested, framingFinding} = await import("/static/js/locator.js");
  const decoded = {...image, rgb: bytes(image.rgb)};
  return {lesion: located(decoded), crop: suggested(decoded),
          finding: framingFinding(decoded)};
}"""


def shapes_of_lesions():
    """Lesions on skin, in lenses, in shadow, at the edge; and noise."""
    random = np.random.default_rng(8)
    for place in range(40):
        height, width = random.integers(40, 300, 2)
        skin = np.full((height, width, 3), random.integers(60, 230, 3), float)
        skin += random.normal(0, random.uniform(0, 25), (height, width, 1))
        skin += random.uniform(-60, 60) * np.linspace(-1, 1, width)[None, :, None]
        picture = Image.fromarray(skin.clip(0, 255).astype(np.uint8))
        draw = ImageDraw.Draw(picture)
        for _ in range(random.integers(0, 4)):
            x, y = random.uniform(0, width), random.uniform(0, height)
            radius = random.uniform(1, min(width, height) / 2)
            fill = tuple(random.integers(0, 160, 3).tolist())
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
        if place % 3 == 0:
            lens = Image.new("L", picture.size, 0)
            ImageDraw.Draw(lens).ellipse((0, 0, *picture.size), fill=255)
            picture = Image.composite(picture, Image.new("RGB", picture.size), lens)
        yield np.asarray(picture)


def test_lesions_are_found_where_python_finds_them(laboratory, packed, root):
    drawn = [read_photo(path) for path in sorted((root / "samples").glob("*.png"))]
    kinds = set()
    for image in (*shapes_of_lesions(), *drawn):
        found = laboratory.evaluate(LOCATE, packed(image))
        expected, crop = located(Image.fromarray(image)), suggested(image)
        told = framing_finding(Image.fromarray(image))
        assert found["lesion"] == (expected and dataclasses.asdict(expected))
        assert found["crop"] == dataclasses.asdict(crop)
        assert (found["finding"] and found["finding"]["value"]) == (told and told.value)
        kinds.add((expected is None, told is not None and told.unusable))
    assert {(True, False), (False, True), (False, False)} <= kinds


def test_squares_lie_where_python_cuts_them(laboratory):
    random = np.random.default_rng(9)
    given = [
        [
            *random.integers(1, 900, 2).tolist(),
            *random.uniform((0, 0, 0.02), 1).tolist(),
        ]
        for _ in range(500)
    ]
    found = laboratory.evaluate(
        """async (given) => {
          const {boxOf} = await import("/static/js/crop.js");
          return given.map(([width, height, x, y, side]) => {
            const {left, top, side: px} = boxOf({x, y, side}, width, height);
            return [left, top, px];
          });
        }""",
        given,
    )
    expected = [Crop(*rest).box(width, height) for width, height, *rest in given]
    assert [tuple(each) for each in found] == expected


RUN = """async ({name, image}) => {
  const {model, judge, resize, verdict} = modules;
  const card = (await model.modelCards()).find((each) => each.name === name);
  const it = await judge.judgeFor(card);
  const decoded = {...image, rgb: bytes(image.rgb)};
  const input = verdict.store(resize.preprocess(decoded, card.input.size_px), it.table);
  const {stored} = await it.model.infer(input);
  return {input: text(new Uint8Array(input.buffer)), output: stored,
          verdict: await it.verdict(decoded, "photo", 0)};
}"""


def test_real_photos_give_pythons_bytes_and_verdicts(
    laboratory, packed, fanconic, model_paths, subtests
):
    with (fanconic / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"][::11]
    assert len(rows) == 60
    decisions = set()
    for path in model_paths:
        classifier = LesionClassifier.load(path, threads=1)
        with subtests.test(path.stem):
            for row in rows:
                image = read_photo(fanconic / row["path"])
                expected = classifier.classify(image)
                stored = stored_input(classifier, image)
                found = laboratory.evaluate(
                    RUN, {"name": classifier.card.name, "image": packed(image)}
                )
                assert base64.b64decode(found["input"]) == stored.tobytes()
                assert found["output"] == classifier.model.infer(stored).ravel()[0]
                assert_same(found["verdict"], expected)
                decisions.add(expected.decision)
    assert {"investigate", "monitor", "uncertain"} <= decisions


def stored_input(classifier, image):
    """The model's input as Python stores it."""
    spec = classifier.card.input
    table = classifier.model.input.store_pixels(spec.mean, spec.std)
    return table[preprocess(image, spec.size_px)][np.newaxis]


HEAT = """async ({name, image}) => {
  const {model, judge} = modules;
  const card = (await model.modelCards()).find((each) => each.name === name);
  const it = await judge.judgeFor(card);
  return it.heat({...image, rgb: bytes(image.rgb)});
}"""


def test_heat_maps_are_pythons(laboratory, packed, root, model_paths):
    for path in model_paths[:2]:
        classifier = LesionClassifier.load(path, threads=1)
        for photo in sorted((root / "samples").glob("drawn*.png")):
            image = read_photo(photo)
            pixels = preprocess(image, classifier.card.input.size_px)
            expected = heat_map(classifier.score, pixels).gain
            found = laboratory.evaluate(
                HEAT, {"name": classifier.card.name, "image": packed(image)}
            )
            assert np.abs(np.reshape(found, (16, 16)) - expected).max() < 1e-9, photo


def test_words_are_pythons(laboratory, model_paths):
    card = read_model_file(model_paths[0]).card
    shares = [0, 1, 0.0004, 0.001, 0.9996, *np.linspace(0, 1, 801).tolist()]
    found = laboratory.evaluate("(s) => s.map(modules.wording.percent)", shares)
    assert found == [percent(share) for share in shares]

    classifier = LesionClassifier.load(model_paths[0], threads=1)
    verdict = classifier.classify(np.zeros((64, 64, 3), np.uint8)).to_json()
    for decision in ("investigate", "uncertain", "monitor", "unusable photo"):
        told = laboratory.evaluate(
            """async ({verdict, name}) => {
              const cards = await modules.model.modelCards();
              const card = cards.find((each) => each.name === name);
              return modules.wording.explanation(verdict, card);
            }""",
            {"verdict": {**verdict, "decision": decision}, "name": card.name},
        )
        expected = explanation(_verdict({**verdict, "decision": decision}), card)
        assert told == expected.__dict__


def _verdict(values):
    kept = {key: values[key] for key in Verdict.__dataclass_fields__}
    kept["crop"] = Crop(**values["crop"])
    kept["findings"] = tuple(Finding(**each) for each in values["findings"])
    return Verdict(**kept)
