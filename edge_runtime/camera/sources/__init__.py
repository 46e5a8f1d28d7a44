"""Where frames come from: a camera, a stream, a recording.

Read ``opening`` first: it turns the word behind ``--source`` into a source.
"""
