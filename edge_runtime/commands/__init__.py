"""The verbs of ``lesion-edge`` that run on a device, one module each.

Read ``command_line`` first. Only ``edge_runtime.__main__`` imports this room.
"""
