"""Figures and tables as text."""
