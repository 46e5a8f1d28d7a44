"""Models for photos of two kinds: the page asks which kind before a photo is chosen."""

import dataclasses

import pytest

from web_demo.app import create_app
from web_demo.judging.capacity import Limits

QUESTION = "With a dermatoscope, or with the phone alone?"


@pytest.fixture
def pages(card, verdict, stand_in):
    """A function: a client of an app with a model for each kind given."""

    def client(*kinds):
        cards = [
            dataclasses.replace(card, name=f"model{place}.qat_int8", domain=kind)
            for place, kind in enumerate(kinds)
        ]
        stand_ins = [
            stand_in(each, dataclasses.replace(verdict, model=each.name))
            for each in cards
        ]
        return create_app(stand_ins, limits=Limits(rate=None)).test_client()

    return client


def test_two_kinds_are_asked_for(pages):
    text = pages("dermoscopic", "smartphone").get("/").text
    assert QUESTION in text
    assert text.index(QUESTION) < text.index('id="photo"')
    assert '<option data-kind="smartphone">model1.qat_int8' in text
    assert "learnt from smartphone photos" in text
    assert "learnt from photos taken through a dermatoscope" in text


@pytest.mark.parametrize(
    ("kinds", "sentence"),
    [
        (("dermoscopic", None), "learnt from photos taken through a dermatoscope"),
        (("smartphone",), "learnt from smartphone photos"),
    ],
)
def test_one_kind_is_said_and_not_asked(pages, kinds, sentence):
    text = pages(*kinds).get("/").text
    assert QUESTION not in text
    assert sentence in text


def test_the_page_of_models_names_the_kind(pages):
    text = pages("dermoscopic", "smartphone").get("/models").text
    assert "Through a dermatoscope" in text
    assert "With the phone alone" in text
