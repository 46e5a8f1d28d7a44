"""How long a call takes, on which machine and at which commit.

Read ``latency`` first; ``machine`` describes the computer.
"""
