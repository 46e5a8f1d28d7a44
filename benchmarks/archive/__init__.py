"""Screening of large photo archives on many cores or machines.

Read ``screen`` first.
"""
