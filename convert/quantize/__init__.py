"""Recipes, quantisation-aware fine-tuning and export to TFLite.

Read ``recipes`` first, then ``conversion``.
"""
