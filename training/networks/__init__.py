"""Every network that can be trained, by name.

Read ``designs`` first: their rows, without Keras. ``catalogue`` builds them.
"""
