"""The same networks in the runtimes of others, in turns.

Read ``peer_bench`` first.
"""
