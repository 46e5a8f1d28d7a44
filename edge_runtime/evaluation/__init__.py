"""Metrics of binary classifiers, with intervals: AUC, recall, calibration.

Read ``metrics`` first. Everything here is a pure function of labels and scores.
"""
