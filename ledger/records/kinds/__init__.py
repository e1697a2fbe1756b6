"""One module per kind of record: its fields, their grades, the form of its key."""
