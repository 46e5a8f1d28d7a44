"""Generated lesions, judged: how near to real ones they are, and whether they help.

``generated_bench.py`` compares what generators drew with test photos, and real training
photos with the same test photos beside it; ``help_bench.py`` trains networks with and
without generated photos. The photos come from ``training/generate.py``.
"""
