"""Scripts that check files of witnesses and certificates again, and need nothing but Python.

They are run as files, ``python -I -S recheck_witness.py FILE``, and import nothing of deviator, so
that whoever doubts an answer has two hundred lines to read.
"""
