"""Signed model updates that survive a power cut.

Read ``release`` first (the signed statement), then ``installing`` (the safe swap).
"""
