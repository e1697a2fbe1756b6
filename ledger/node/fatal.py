"""A request that found a promise in danger ends the node, as a worker would."""

from __future__ import annotations

from typing import NoReturn

from fastapi import FastAPI, Request
from fastapi.responses import Response

from ledger.api.problems import answer
from ledger.errors import FatalError
from ledger.ports import Tasks
from ledger.problems import headers_of, problem_of


def end_on_fatal(app: FastAPI, tasks: Tasks) -> None:
    """Answer a FatalError of a request as a problem and hand it to ``tasks``, whose owner ends the process.

    The answer alone would leave a node serving from a state that it has just called unsafe.
    """

    @app.exception_handler(FatalError)
    async def _fatal(_request: Request, error: FatalError) -> Response:
        tasks.spawn("fatal request", _fail(error))
        return answer(problem_of(error), headers_of(error))


async def _fail(error: FatalError) -> NoReturn:
    raise error
