"""The conversion from options to file, step by step.

Read ``steps`` first. Commands import this room, no other room does.
"""
