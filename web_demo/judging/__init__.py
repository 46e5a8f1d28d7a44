"""From an upload to a verdict: reading, waiting for a turn, judging.

Read ``judge`` first.
"""
