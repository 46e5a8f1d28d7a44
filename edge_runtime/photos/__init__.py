"""From a photo file to pixels, and whether the photo can be trusted.

Read ``decoding`` first, then ``preprocessing``: the one definition that training,
conversion and devices share. ``quality`` and ``familiarity`` check the photo,
``paths`` and ``manifest`` find photos.
"""
