"""Where the verdicts of a camera session go.

Read ``listeners`` first; each other module is one output.
"""
