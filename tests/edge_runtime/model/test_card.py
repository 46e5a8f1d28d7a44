"""The card reads back as it was written, and in no other way."""

import dataclasses
import json
from pathlib import Path

import pytest

import edge_runtime.model.card
from edge_runtime.errors import ModelFileError
from edge_runtime.model.card import ModelCard, OutputSpec
from edge_runtime.model.card_schema import card_schema
from edge_runtime.model.evidence import FewMalignant, headline, means_over_sources

SCHEMA = Path(edge_runtime.model.card.__file__).with_name("card.schema.json")


def put(values, path, new):
    """Set one nested value of a card's JSON, by dotted path; DELETE removes it."""
    *parents, last = path.split(".")
    for name in parents:
        values = values[name]
    if new is DELETE:
        del values[last]
    else:
        values[last] = new


DELETE = object()
# Wrong in form: dataclasses and schema must both refuse these.
MALFORMED = [
    ("threshold.score", DELETE),
    ("threshold.score", "0.375"),
    ("threshold.scores", 0.375),
    ("threshold.stored", 96.5),
    ("format", 2),
    ("input", None),
    ("input.size_px", 32.5),
    ("input.antialias", 1),
    ("output.labels", "malignant"),
    ("output.labels", ["malignant", 0]),
    ("accuracy", {}),
    ("provenance.tools", {"tensorflow": 2.21}),
    ("provenance", DELETE),
    ("comment", "an unknown field"),
]
# Right in form, but contradicting itself or this runtime.
CONTRADICTIONS = [
    ("temperature", 0.0, "temperature"),
    ("temperature", -1.5, "temperature"),
    ("uncertainty.low_score", 0.5, "band must end at the threshold"),
    ("threshold.probability", 0.9, "means probability"),
    ("uncertainty.low_probability", 0.9, "means probability"),
    ("threshold.stored", 97, "stored threshold 97 means score"),
    ("threshold.stored", None, "null for float32"),
    ("threshold.score", 1.5, "scores"),
    ("input.colour_order", "BGR", "BGR"),
    ("input.crop", "none", "this runtime prepares photos by"),
    ("input.resize", "bicubic", "bicubic"),
    ("input.antialias", False, "antialias=False"),
    ("input.exif_orientation", "ignored", "ignored"),
    ("input.size_px", 0, "size_px"),
    ("input.size_px", 10**6, "size_px"),
    ("input.std", 0.0, "std"),
    ("input.dtype", "int16", "dtype"),
    ("output.dtype", "int16", "dtype"),
    ("input.scale", 0.0, "scale"),
    ("output.labels", ["malignant"], "labels"),
    ("accuracy", [], "accuracy"),
]


@pytest.fixture
def values(card):
    """The card as JSON values, to be spoilt."""
    return json.loads(card.to_json())


def test_what_is_written_reads_back(card):
    assert ModelCard.from_json(card.to_json()) == card


@pytest.mark.parametrize(("path", "new"), MALFORMED)
def test_a_malformed_card_is_refused(values, path, new):
    put(values, path, new)
    with pytest.raises(ModelFileError, match="card"):
        ModelCard.from_json(json.dumps(values))


@pytest.mark.parametrize(("path", "new", "words"), CONTRADICTIONS)
def test_a_card_that_contradicts_itself_is_refused(values, path, new, words):
    put(values, path, new)
    with pytest.raises(ModelFileError, match=words):
        ModelCard.from_json(json.dumps(values))


@pytest.mark.parametrize("text", ["", "null", "[]", "{", "[" * 50_000, '{"format": 1}'])
def test_what_is_no_card_is_refused(text):
    with pytest.raises(ModelFileError, match="card"):
        ModelCard.from_json(text)


def test_numbers_that_json_does_not_know_are_refused(card):
    text = card.to_json().replace('"temperature": 1.5', '"temperature": NaN')
    with pytest.raises(ModelFileError, match="NaN"):
        ModelCard.from_json(text)


def test_a_card_for_a_float_output_has_no_stored_threshold(card, changed):
    output = OutputSpec("float32", 0.0, 0)
    threshold = changed(card.threshold, "stored", None)
    with pytest.raises(ValueError, match="null for float32"):
        changed(card, "output", output)
    floating = dataclasses.replace(card, output=output, threshold=threshold)
    assert ModelCard.from_json(floating.to_json()) == floating


def test_the_schema_is_that_of_the_dataclasses():
    # If not: python -m edge_runtime.model.card_schema >
    # edge_runtime/model/card.schema.json
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == card_schema()


def test_the_schema_accepts_a_card(values):
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(card_schema())
    jsonschema.validate(values, card_schema())


@pytest.mark.parametrize(("path", "new"), MALFORMED)
def test_the_schema_refuses_what_the_reader_refuses(values, path, new):
    jsonschema = pytest.importorskip("jsonschema")
    put(values, path, new)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(values, card_schema())


def test_the_schema_describes_every_field():
    def undescribed(schema, where):
        for name, field in schema.get("properties", {}).items():
            if not field["description"]:
                yield f"{where}.{name}"
            yield from undescribed(field, f"{where}.{name}")

    assert not [*undescribed(card_schema(), "card")]


def test_the_cleanest_measured_set_speaks_for_a_file(card, changed):
    assert headline(card.accuracy).split == "test_clean"
    assert headline(card.accuracy[:1]).split == "val"
    with pytest.raises(ValueError, match="test_clean"):
        headline(())


@pytest.fixture
def of_two_sources(card):
    """The card with two sources: one it does worse on, one of few lesions besides."""
    (good,) = card.accuracy[:1]
    worse = dataclasses.replace(good, auc=good.auc - 0.2, source="b")
    few = FewMalignant("val", "c", 3, good.specificity)
    return dataclasses.replace(
        card,
        accuracy=(dataclasses.replace(good, source="a"), worse),
        threshold=dataclasses.replace(card.threshold, rule="in words", source="b"),
        few_malignant=(few,),
    )


def test_a_card_of_several_sources_reads_back_and_fits_the_schema(of_two_sources):
    jsonschema = pytest.importorskip("jsonschema")
    text = of_two_sources.to_json()
    assert ModelCard.from_json(text) == of_two_sources
    jsonschema.validate(json.loads(text), card_schema())


def test_a_card_of_one_source_says_nothing_of_sources(card):
    values = json.loads(card.to_json())
    assert "few_malignant" not in values
    assert not values["threshold"].keys() & {"rule", "source"}
    assert "source" not in values["accuracy"][0]


def test_the_worst_source_speaks_for_a_file(of_two_sources):
    assert headline(of_two_sources.accuracy).source == "b"
    (mean,) = means_over_sources(of_two_sources.accuracy)
    first, second = of_two_sources.accuracy
    assert mean.sources == ("a", "b")
    assert mean.auc == pytest.approx((first.auc + second.auc) / 2)
