"""The card's JSON Schema, made from the dataclasses so that the two cannot differ.

Run: python -m edge_runtime.model.card_schema > edge_runtime/model/card.schema.json
"""

import argparse
import json
from typing import Any

from edge_runtime.files.json_schema import schema
from edge_runtime.model.card import CARD_FORMAT, ModelCard


def card_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of ``card.json``.

    Descriptions are those of the dataclasses' docstrings.
    """
    found = schema(ModelCard)
    found["properties"]["format"]["const"] = CARD_FORMAT
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Card of a lesion-edge model file",
        **found,
    }


if __name__ == "__main__":
    argparse.ArgumentParser(
        description="Print the JSON Schema of card.json."
    ).parse_args()
    print(json.dumps(card_schema(), indent=2))
