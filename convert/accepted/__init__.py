"""Models as people build them, trained for a minute each and converted.

Read ``candidates`` first, then ``judging``.
"""
