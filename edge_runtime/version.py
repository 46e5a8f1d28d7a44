"""The version of this package, also where it was copied and not installed."""

VERSION = "0.1.0"
"""As in both pyproject.toml; a test compares the three."""
