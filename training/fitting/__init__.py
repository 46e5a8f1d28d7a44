"""The training run: settings, batches, loop, checkpoints and its record.

Read ``settings`` first, then ``cycles`` and ``loop``.
"""
