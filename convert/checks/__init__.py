"""What must hold before a file is written: gates, flipped decisions, evidence.

Read ``gates`` first.
"""
