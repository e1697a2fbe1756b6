import asyncio

import pytest

from ledger.chain import sending
from ledger.chain.abi import keccak
from ledger.chain.accounts import Account, Fees
from ledger.chain.rawtransactions import RawCall, read_raw
from ledger.chain.refusals import ContractRefused
from ledger.chain.rpc import NodeRefused, Rpc
from ledger.errors import UnavailableError
from tests.unit.chain.node import RefusalError, node

KEY = bytes(31) + b"\x07"
UNKNOWN = b"\x11" * 32


def ask(answers, question, raw=None):
    async def run(url):
        rpc = Rpc(url, timeout=5)
        try:
            return await question(rpc)
        finally:
            rpc.close()

    with node(answers, raw) as (url, asked):
        return asyncio.run(run(url)), asked


def refuse(code, message, data=None):
    def answer(_):
        raise RefusalError(code, message, data)

    return answer


def signed(nonce=3, fees=None):
    call = {"to": "0x" + "11" * 20, "value": 0, "gas": 21000, "chainId": 5, "nonce": nonce}
    return Account(KEY).sign({**call, **(fees or Fees()).members()})


@pytest.mark.parametrize("fees", [Fees(0), Fees(7), Fees(7, 1)])
@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 70_000])
def test_nonce_is_read_from_signed_bytes(nonce, fees):
    transaction = signed(nonce, fees)
    assert read_raw(transaction.raw) == RawCall(
        nonce, fees or Fees(), 21000, bytes.fromhex("11" * 20), b""
    )
    assert keccak(transaction.raw) == transaction.hash
    assert (transaction.raw[0] == 2) is (fees.priority is not None)


@pytest.mark.parametrize(
    ("unknown", "expected"),
    [
        (lambda _: None, None),
        (refuse(-32000, "ethereum tx not found"), None),
        (lambda _: {"blockHash": None, "status": None}, None),
    ],
)
def test_engines_say_in_different_ways_that_there_is_no_receipt(unknown, expected):
    answers = {"eth_getTransactionReceipt": unknown}
    found, _ = ask(answers, lambda rpc: sending.receipt_json(rpc, UNKNOWN))
    assert found is expected


def test_another_refusal_is_never_taken_for_absence():
    answers = {"eth_getTransactionReceipt": refuse(-32005, "limit exceeded")}
    with pytest.raises(UnavailableError) as refused:
        ask(answers, lambda rpc: sending.receipt_json(rpc, UNKNOWN))
    assert refused.value.code == "chain_unavailable"


KNOWN = [
    # (answer to the send, account nonce, the transaction the node knows)
    ("already known", 3, None),
    ("transaction already imported", 3, None),
    ("tx already in mempool", 3, None),
    ("nonce too low", 4, None),
    ("invalid nonce; got 3, expected 4", 4, None),
    ("something nobody has worded before", 3, {"hash": "0x"}),
    ("something nobody has worded before", 9, None),
]


@pytest.mark.parametrize(("message", "nonce", "known"), KNOWN)
def test_sending_what_the_chain_has_is_silent(message, nonce, known):
    answers = {
        "eth_sendRawTransaction": refuse(-32000, message),
        "eth_getTransactionCount": lambda _: hex(nonce),
        "eth_getTransactionByHash": lambda _: known,
    }
    ask(answers, lambda rpc: sending.broadcast(rpc, Account(KEY).address, signed(3).raw))


@pytest.mark.parametrize(
    "message",
    ["nonce too high", "insufficient funds", "nonce too low", "replacement underpriced"],
)
def test_the_wording_alone_settles_nothing(message):
    answers = {
        "eth_sendRawTransaction": refuse(-32000, message),
        "eth_getTransactionCount": lambda _: "0x3",
        "eth_getTransactionByHash": lambda _: None,
    }
    with pytest.raises(UnavailableError) as refused:
        ask(answers, lambda rpc: sending.broadcast(rpc, Account(KEY).address, signed(3).raw))
    assert refused.value.code == "chain_rejected"
    assert message in refused.value.detail


FAILED = {
    "status": "0x0",
    "blockNumber": "0x5",
    "blockHash": "0x" + "22" * 32,
    "gasUsed": "0x5208",
}


@pytest.mark.parametrize(
    "sent",
    [
        "0x",
        7,
        [],
        ["gas"],
        True,
        {},
        {"gas": "0xffff"},
        {"hash": "0x"},
        {"hash": "0x", "gas": None},
        {"hash": "0x", "gas": {}},
    ],
)
def test_a_transaction_that_cannot_be_read_is_a_malformed_answer(sent):
    answers = {
        "eth_getTransactionReceipt": lambda _: FAILED,
        "eth_getTransactionByHash": lambda _: sent,
    }
    with pytest.raises(UnavailableError) as refused:
        ask(answers, lambda rpc: sending.refusal(rpc, UNKNOWN))
    assert refused.value.code == "chain_answer_malformed"


@pytest.mark.parametrize("known", ["0x", 7, [], False, {}])
def test_what_is_no_transaction_does_not_make_a_refused_one_known(known):
    answers = {
        "eth_sendRawTransaction": refuse(-32000, "insufficient funds"),
        "eth_getTransactionCount": lambda _: "0x3",
        "eth_getTransactionByHash": lambda _: known,
    }
    with pytest.raises(UnavailableError) as refused:
        ask(answers, lambda rpc: sending.broadcast(rpc, Account(KEY).address, signed(3).raw))
    assert refused.value.code == "chain_answer_malformed"


@pytest.mark.parametrize(
    "data", ["0xdeadbeef", {"data": "0xdeadbeef"}, "Reverted 0xdeadbeef", "deadbeef"]
)
def test_revert_data_is_found_wherever_engines_put_it(data):
    answers = {"eth_call": refuse(3, "execution reverted", data)}
    with pytest.raises(NodeRefused) as refused:
        ask(answers, lambda rpc: rpc.call("eth_call"))
    assert refused.value.data == bytes.fromhex("deadbeef")
    with pytest.raises(ContractRefused) as typed:
        ask(answers, lambda rpc: sending.dry_run(rpc, {}))
    assert typed.value.code == "contract_reverted"


def test_a_call_that_failed_for_other_reasons_is_no_refusal():
    answers = {"eth_call": refuse(-32000, "header not found")}
    with pytest.raises(UnavailableError):
        ask(answers, lambda rpc: sending.dry_run(rpc, {}))


@pytest.mark.parametrize("raw", [b"", b"<html>", b"{}", b"[]", b"null", b'{"result"', b"[" * 5000])
def test_garbage_is_unavailable(raw):
    with pytest.raises(UnavailableError) as refused:
        ask({"eth_chainId": lambda _: "0x1"}, lambda rpc: rpc.call("eth_chainId"), raw)
    assert refused.value.code == "chain_unavailable"
    calls = [("eth_chainId", ()), ("eth_chainId", ())]
    with pytest.raises(UnavailableError):
        ask({"eth_chainId": lambda _: "0x1"}, lambda rpc: rpc.batch(calls), raw)


def test_a_batch_keeps_its_order_and_fails_as_one():
    answers = {"eth_chainId": lambda _: "0x1", "eth_blockNumber": lambda _: "0x2"}
    calls = [("eth_blockNumber", ()), ("eth_chainId", ()), ("eth_blockNumber", ())]
    found, _ = ask(answers, lambda rpc: rpc.batch(calls))
    assert found == ["0x2", "0x1", "0x2"]
    broken = {**answers, "eth_chainId": refuse(-32000, "no")}
    with pytest.raises(NodeRefused):
        ask(broken, lambda rpc: rpc.batch(calls))
    assert ask({}, lambda rpc: rpc.batch([])) == ([], [])


def test_a_key_in_the_address_is_never_shown():
    rpc = Rpc("https://node.example:8443/v3/secret?key=secret")
    assert rpc.shown == "https://node.example:8443"
    rpc.close()


def test_nothing_is_sent_twice_by_the_transport():
    answers = {"eth_sendRawTransaction": lambda _: "0x"}
    _, asked = ask(answers, lambda rpc: sending.broadcast(rpc, bytes(20), signed().raw))
    assert asked == ["eth_sendRawTransaction"]
