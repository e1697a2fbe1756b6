"""Kinds of record: typed fields, grades, identifiers; reading a statement's fields against them."""
