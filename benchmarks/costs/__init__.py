"""What everything around the network costs: cold start, decoding, memory.

Read ``cost_bench`` first.
"""
