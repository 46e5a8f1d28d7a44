"""Measuring one model: cases, fresh processes, timing, the plan of a run.

Read ``worker`` first: what one fresh process does.
"""
