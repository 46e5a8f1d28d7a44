"""The model file: its graph, its card, its golden vectors and what runs it.

Read ``file`` first, then ``card``. ``interpreter`` runs the graph and
``operating_point`` turns a score into a decision.
"""
