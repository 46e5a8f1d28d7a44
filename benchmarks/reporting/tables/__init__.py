"""The tables of a report, for Markdown and HTML alike."""
