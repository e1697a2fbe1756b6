"""A node's log: one JSON object a line, with the request it belongs to; alarms as they come and go."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from ledger.api.metrics import standing_codes
from ledger.api.requestids import REQUEST_ID
from ledger.ports import Tasks

_LOG = logging.getLogger(__name__)
_SECONDS: Final = 1.0
_OWN: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "taskName"}


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object: time, level, logger, message, request and what else it carries."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if name := REQUEST_ID.get():
            line["request"] = name
        line |= {name: value for name, value in record.__dict__.items() if name not in _OWN}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def log_to_stderr(level: str) -> None:
    """Have this process log so, from that level on (``debug``, ``info``, ``warning``, ``error``)."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    # Libraries speak from warnings on: below, HTTP clients log addresses with their queries.
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("ledger").setLevel(level.upper())


async def tell_alarms(readiness: Callable[[], Mapping[str, Any]], tasks: Tasks) -> None:
    """Log every code of /readyz as it appears and as it goes."""
    told: set[str] = set()
    while True:
        now = standing_codes(readiness())
        for code in sorted(now - told):
            _LOG.warning("alarm raised", extra={"code": code})
        for code in sorted(told - now):
            _LOG.warning("alarm cleared", extra={"code": code})
        told = now
        await tasks.sleep(_SECONDS)
