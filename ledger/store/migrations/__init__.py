"""Every change of the tables, in order: one file a version, never edited once it was released.

A revision says what the tables were when it was written, so it imports nothing of the store.
"""
