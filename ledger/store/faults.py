"""What a fault of the database is called, for answers and logs."""

from __future__ import annotations

from sqlalchemy import exc
from sqlalchemy.exc import DBAPIError

FAULTS = (DBAPIError, exc.TimeoutError, OSError)
"""The driver's own errors, no connection becoming free in time, and a network or server that is away."""


def named(error: BaseException) -> str:
    """The fault by its name alone: the driver's text may quote what stands in a row."""
    cause: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(cause, "sqlite_errorname", None)
    # The driver for PostgreSQL stands behind a wrapper that knows few names.
    behind = None if cause is None else cause.__cause__
    return str(name or type(behind or cause).__name__)
