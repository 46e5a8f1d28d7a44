"""Every network that can be trained, by name.

Read ``catalogue`` first.
"""
