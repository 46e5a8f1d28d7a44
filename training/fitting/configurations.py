"""Named ways to train, from ``configurations.toml``."""

import tomllib
from collections.abc import Mapping
from importlib import resources

Values = Mapping[str, str | int | float | list[str]]


def read_configurations() -> dict[str, Values]:
    """Options of ``train.py``, with underscores, by name of the configuration."""
    text = (
        resources.files("training.fitting")
        .joinpath("configurations.toml")
        .read_text("utf-8")
    )
    return tomllib.loads(text)
