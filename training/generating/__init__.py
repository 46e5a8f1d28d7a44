"""Generated photos of lesions: three kinds of generator, their training, their photos.

A generator learns the training photos of a manifest at 64 px, told the label and the
source of each, and draws new ones. What it draws is marked three times, in the file's
name, in its EXIF and in the table, and no reader takes it for validation or testing.
``run.py`` has the way through; ``generators.py`` says what a generator has to be able
to do, and ``vae.py``, ``gan.py`` and ``flow.py`` are the three.
"""
