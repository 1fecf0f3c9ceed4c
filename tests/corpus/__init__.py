"""Files as people upload them, good and bad, and what must become of each.

Nothing here is stored but what fuzzing found: `python -m tests.corpus FOLDER` writes all files.
"""
