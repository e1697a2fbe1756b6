import pytest

from ledger.chain.accounts import Account
from ledger.devchain.genesis import CHAIN_ID
from tests.unit.devchain.chainkit import (
    ALARM,
    LOGGER,
    REVERTER,
    START,
    TIMER,
    Clock,
    Direct,
)

UNKNOWN = "0x" + "11" * 32


@pytest.fixture(scope="module")
def chain():
    started = Direct()
    yield started
    started.backend.close()


def test_a_payment_is_mined_into_a_block_of_its_own(chain):
    before = int(chain("eth_blockNumber"), 16)
    sent = chain.pay(5)
    receipt = chain("eth_getTransactionReceipt", sent)
    assert int(chain("eth_blockNumber"), 16) == before + 1 == int(receipt["blockNumber"], 16)
    assert (receipt["status"], receipt["logs"], receipt["contractAddress"]) == ("0x1", [], None)
    block = chain("eth_getBlockByNumber", receipt["blockNumber"], False)
    assert (block["hash"], block["transactions"]) == (receipt["blockHash"], [sent])
    full = chain("eth_getBlockByHash", receipt["blockHash"], True)
    assert full["transactions"] == [chain("eth_getTransactionByHash", sent)]
    assert full["transactions"][0]["value"] == "0x5"
    assert full["logsBloom"] == receipt["logsBloom"] == "0x" + "00" * 256


def test_gas_is_free(chain):
    before = chain("eth_getBalance", chain.account(2), "latest")
    poor = {"from": chain.account(2), "to": chain.account(1), "gasPrice": "0x0"}
    receipt = chain("eth_getTransactionReceipt", chain("eth_sendTransaction", poor))
    assert receipt["effectiveGasPrice"] == "0x0"
    assert chain("eth_getBalance", chain.account(2), "latest") == before
    assert chain("eth_gasPrice") == "0x0"
    assert chain("eth_getBlockByNumber", "latest")["baseFeePerGas"] == "0x0"


@pytest.mark.parametrize("tag", ["latest", "pending", "safe", "finalized", None])
def test_names_of_the_newest_block(chain, tag):
    number = chain("eth_blockNumber")
    assert chain("eth_getBlockByNumber", tag)["number"] == number


def test_unknown_things_are_null(chain):
    assert chain("eth_getTransactionReceipt", UNKNOWN) is None
    assert chain("eth_getTransactionByHash", UNKNOWN) is None
    assert chain("eth_getBlockByHash", UNKNOWN) is None
    assert chain("eth_getBlockByNumber", "0xffffff") is None


def test_a_revert_has_code_3_and_its_data(chain):
    address = chain.deploy(REVERTER)
    assert chain("eth_getCode", address, "latest") == "0x" + REVERTER.hex()
    for method in ("eth_call", "eth_estimateGas"):
        fault = chain.fault(method, {"to": address})
        assert (fault.code, fault.message, fault.data) == (3, "execution reverted", "0xdeadbeef")
    sent = chain("eth_sendTransaction", {"from": chain.account(), "to": address, "gas": "0x30000"})
    assert chain("eth_getTransactionReceipt", sent)["status"] == "0x0"


def test_state_of_the_past_can_be_called(chain):
    number = chain("eth_blockNumber")
    address = chain.deploy(REVERTER)
    assert chain("eth_call", {"from": chain.account(), "to": address}, number) == "0x"
    assert chain("eth_getCode", address, number) == "0x"
    assert chain.fault("eth_call", {"to": address}, "latest").code == 3
    assert chain.fault("eth_getCode", address, "0xffffff").code == -32000


def test_logs_by_range_address_and_topics(chain):
    one, two = (chain.deploy(LOGGER) for _ in range(2))
    first = int(chain("eth_blockNumber"), 16) + 1
    for address in (one, two, one):
        chain("eth_sendTransaction", {"from": chain.account(), "to": address})
    last = first + 2
    topic = ["0x" + f"{n:064x}" for n in range(4)]

    def find(**wanted):
        span = {"fromBlock": hex(first), "toBlock": hex(last)}
        return chain("eth_getLogs", {**span, **wanted})

    assert [log["logIndex"] for log in find()] == ["0x0", "0x1"] * 3
    assert [int(log["blockNumber"], 16) - first for log in find()] == [0, 0, 1, 1, 2, 2]
    assert {log["address"] for log in find(address=two)} == {two}
    assert len(find(address=[one, two])) == 6
    assert len(find(address=one, topics=[topic[1]])) == 4
    assert len(find(topics=[topic[1], topic[2]])) == 3
    assert len(find(topics=[None, topic[2]])) == 3
    assert len(find(topics=[[topic[3], topic[1]], None])) == 3
    assert find(topics=[topic[2]]) == []
    assert find(toBlock="0xffffff") == find()
    assert find(fromBlock="earliest", address=two) == find(address=two)
    block = chain("eth_getBlockByNumber", hex(last))["hash"]
    assert [log["blockHash"] for log in chain("eth_getLogs", {"blockHash": block})] == [block] * 2
    assert all(log["removed"] is False for log in find())


def test_the_clock_is_neither_stale_nor_ahead():
    clock = Clock()
    chain = Direct(clock=clock)
    clock.millis += 3_600_000
    chain.pay()
    assert int(chain("eth_getBlockByNumber", "latest")["timestamp"], 16) * 1000 == clock.millis
    chain.pay()
    # Two blocks cannot have one time, so the second is a second ahead, and no more.
    assert (
        int(chain("eth_getBlockByNumber", "latest")["timestamp"], 16) * 1000 == clock.millis + 1000
    )
    assert int(chain("eth_getBlockByNumber", "0x0")["timestamp"], 16) * 1000 == START
    chain.backend.close()


def test_a_call_sees_the_time_that_a_transaction_would_see():
    clock = Clock()
    chain = Direct(clock=clock)
    timer, alarm = chain.deploy(TIMER), chain.deploy(ALARM)
    mined = chain("eth_blockNumber")
    then = chain("eth_getBlockByNumber", mined)["timestamp"]
    clock.millis += 3_600_000
    due = {"to": alarm, "data": f"0x{clock.millis // 1000:064x}"}
    assert int(chain("eth_call", {"to": timer}, "latest"), 16) * 1000 == clock.millis
    assert chain("eth_call", due) == "0x"
    assert int(chain("eth_estimateGas", due), 16) > 21000
    chain("evm_mine")
    # What is past stays as it was.
    assert int(chain("eth_call", {"to": timer}, mined), 16) == int(then, 16)
    assert chain.fault("eth_call", due, mined).code == 3
    chain.backend.close()


def test_every_new_chain_has_its_own_genesis():
    one, two, same = (Direct(seed=seed) for seed in (1, 100, 1))
    hashes = [each("eth_getBlockByNumber", "0x0")["hash"] for each in (one, two, same)]
    assert hashes[0] != hashes[1]
    assert hashes[0] == hashes[2]
    for each in (one, two, same):
        each.backend.close()


def test_funded_accounts_have_money_from_the_first_block():
    chain = Direct(funded=(b"\x07" * 20,), chain_id=77)
    assert int(chain("eth_getBalance", "0x" + "07" * 20, "0x0"), 16) == 10**24
    assert (chain("eth_chainId"), chain("net_version")) == ("0x4d", "77")
    chain.backend.close()


def test_snapshots_can_be_gone_back_to(chain):
    start = chain("evm_snapshot")
    number = chain("eth_blockNumber")
    lost = [chain.pay(n) for n in range(1, 4)]
    assert chain("evm_revert", start) is True
    assert chain("eth_blockNumber") == number
    assert [chain("eth_getTransactionReceipt", each) for each in lost] == [None] * 3
    assert chain("eth_getBlockByNumber", hex(int(number, 16) + 1)) is None
    chain("evm_mine")
    kept = [chain.pay(n) for n in range(1, 4)]
    assert kept == lost
    assert (
        int(chain("eth_getTransactionReceipt", kept[0])["blockNumber"], 16) == int(number, 16) + 2
    )
    assert chain("evm_revert", UNKNOWN) is False


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("eth_nothing", [], -32601),
        (7, [], -32601),
        ("eth_getBalance", [], -32602),
        ("eth_getBalance", ["0x12"], -32602),
        ("eth_getBalance", ["zz"], -32602),
        ("eth_getBlockByNumber", ["newest"], -32602),
        ("eth_getTransactionReceipt", ["0x1"], -32602),
        ("eth_getLogs", [[]], -32602),
        ("eth_getLogs", [{"topics": "0x"}], -32602),
        ("eth_getLogs", [{"blockHash": UNKNOWN}], -32000),
        ("eth_call", ["0x"], -32602),
        ("eth_call", [{"accessList": []}], -32602),
        ("eth_sendRawTransaction", ["0x1234"], -32000),
        ("eth_sendRawTransaction", ["0x"], -32000),
        ("eth_sendTransaction", [{"from": "0x" + "33" * 20, "gas": "0x5208"}], -32000),
    ],
)
def test_faults_have_the_codes_of_other_nodes(chain, method, params, code):
    assert chain.fault(method, *params).code == code


def test_nonces_out_of_order_are_told_as_other_nodes_do_and_leave_nothing(chain):
    payer = Account(bytes(31) + b"\2")
    due = int(chain("eth_getTransactionCount", "0x" + payer.address.hex(), "latest"), 16)
    number = chain("eth_blockNumber")

    def raw(nonce, value=0):
        call = {"to": "0x" + "22" * 20, "value": value, "gas": 21000, "gasPrice": 0}
        signed = payer.sign({**call, "chainId": CHAIN_ID, "nonce": nonce})
        return "0x" + signed.raw.hex()

    high = chain.fault("eth_sendRawTransaction", raw(due + 1))
    assert (high.code, "nonce too high" in high.message) == (-32000, True)
    assert chain("eth_blockNumber") == number
    chain("eth_sendRawTransaction", raw(due))
    known = chain.fault("eth_sendRawTransaction", raw(due))
    low = chain.fault("eth_sendRawTransaction", raw(due, value=1))
    assert (known.code, known.message) == (-32000, "already known")
    assert (low.code, "nonce too low" in low.message) == (-32000, True)
    assert int(chain("eth_blockNumber"), 16) == int(number, 16) + 1


def test_constants(chain):
    assert int(chain("eth_chainId"), 16) == CHAIN_ID
    assert chain("eth_syncing") is False
    assert "eth-tester" in chain("web3_clientVersion")
    empty = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert chain("web3_sha3", "0x") == empty
    assert chain("eth_getStorageAt", chain.account(), "0x0", "latest") == "0x" + "00" * 32
