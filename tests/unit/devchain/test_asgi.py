import asyncio
import json

import pytest

from ledger.devchain.asgi import DevChainApp, app
from ledger.errors import FatalError
from tests.unit.devchain.chainkit import genesis, post


@pytest.fixture
def served():
    made = app(None, genesis())
    yield made
    made.close()


def call(method, *params, id_=1):
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": list(params)}


def test_single_calls_and_batches_keep_their_ids(served):
    status, one = post(served, json.dumps(call("eth_blockNumber", id_="a")).encode())
    assert (status, one) == (200, {"jsonrpc": "2.0", "id": "a", "result": "0x0"})
    batch = [call("eth_blockNumber", id_=n) for n in (3, 1, 2)] + [call("nope", id_=9), 5]
    status, many = post(served, json.dumps(batch).encode())
    assert [each["id"] for each in many] == [3, 1, 2, 9, None]
    assert [each.get("error", {}).get("code") for each in many[3:]] == [-32601, -32600]


@pytest.mark.parametrize(
    ("body", "code"), [(b"{", -32700), (b"[" * 100_000, -32700), (b"[]", -32600), (b"3", -32600)]
)
def test_what_is_no_request_is_said(served, body, code):
    status, answer = post(served, body)
    assert (status, answer["error"]["code"]) == (200, code)


def test_other_requests_are_refused(served):
    assert post(served, b"", method="GET")[0] == 405
    assert post(served, b" " * (4 * 2**20 + 1))[0] == 413


def test_only_py_evm_is_served():
    with pytest.raises(FatalError) as refused:
        DevChainApp(object())  # type: ignore[arg-type]
    assert refused.value.code == "devchain_backend"


def test_after_a_failed_commit_nothing_is_answered(served, monkeypatch):
    stopped = []
    served.on_failure = lambda: stopped.append(True)

    def fail():
        raise FatalError("devchain_store_failed", "no space")

    monkeypatch.setattr(served._backend._db, "commit", fail)
    body = json.dumps(call("evm_mine")).encode()
    assert post(served, body)[0] == 503
    assert stopped == [True]
    monkeypatch.undo()
    assert post(served, json.dumps(call("eth_blockNumber")).encode())[0] == 503


def test_calls_from_many_tasks_run_one_after_the_other(served):
    threads = set()
    answer = served._answer

    def watched(body):
        import threading

        threads.add(threading.get_ident())
        return answer(body)

    served._answer = watched
    body = json.dumps(call("evm_mine")).encode()

    async def one():
        sent = []

        async def receive():
            return {"type": "http.request", "body": body}

        async def send(message):
            sent.append(message)

        await served({"type": "http", "method": "POST"}, receive, send)

    async def many():
        await asyncio.gather(*(one() for _ in range(20)))

    asyncio.run(many())
    assert len(threads) == 1
    assert post(served, json.dumps(call("eth_blockNumber")).encode())[1]["result"] == hex(20)
