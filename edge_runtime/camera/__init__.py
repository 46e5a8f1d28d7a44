"""Photos from a camera: a session that judges frames and votes.

Read ``session`` first. Frames come from ``sources``, verdicts go to ``outputs``.
"""
