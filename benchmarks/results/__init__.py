"""The result of a measurement, and the figures computed from it.

Read ``result`` first.
"""
