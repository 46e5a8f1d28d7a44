"""Cards name the kind of photo that their model is for."""

import dataclasses

import pytest

from edge_runtime.errors import ModelFileError
from edge_runtime.model.card import ModelCard
from edge_runtime.model.domain import DERMOSCOPIC, DOMAINS, SMARTPHONE
from edge_runtime.verdict import model_lines


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_kind_reads_back(card, domain):
    told = dataclasses.replace(card, domain=domain)
    assert ModelCard.from_json(told.to_json()).photo_kind == domain


def test_cards_from_before_are_dermoscopic(card):
    assert card.domain is None
    assert '"domain"' not in card.to_json()
    assert card.photo_kind == DERMOSCOPIC


def test_another_kind_is_refused(card):
    text = dataclasses.replace(card, domain=SMARTPHONE).to_json()
    with pytest.raises(ModelFileError, match="domain must be one of dermoscopic"):
        ModelCard.from_json(text.replace('"smartphone"', '"microscope"'))


@pytest.mark.parametrize(
    ("domain", "words"),
    [(None, "through a dermatoscope"), (SMARTPHONE, "without a dermatoscope")],
)
def test_whoever_classifies_reads_which_photos_to_give(card, domain, words):
    lines = model_lines(dataclasses.replace(card, domain=domain))
    assert words in lines[-1]
