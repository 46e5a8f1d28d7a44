"""What changes of the photo, the camera or the site do to the verdicts.

Read ``shift_bench`` first; ``changes`` lists the changes.
"""
