import json
from importlib import resources

import pytest

from ledger.chain import answers
from ledger.chain.abi import _codec, contract, decode
from ledger.chain.events import read_event
from ledger.chain.refusals import read_refusal
from ledger.errors import UnavailableError
from ledger.values import TreeHead

ADDRESS = b"\x0a" * 20
LOG_ID = b"\x0b" * 32
ROOT = b"\x0c" * 32


def test_selectors_and_topics_are_those_of_solidity():
    """Values computed by the compiler's users everywhere: ERC-20's and the standard errors."""
    from ledger.chain.abi import Element

    transfer = Element("transfer", ("address", "uint256"), ("to", "value"), ("bool",), ())
    assert transfer.selector.hex() == "a9059cbb"
    event = Element("Transfer", ("address", "address", "uint256"), (), (), ())
    assert event.topic.hex() == "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    assert Element("Error", ("string",), (), (), ()).selector.hex() == "08c379a0"


def sample(kind: str) -> object:
    if kind == "address":
        return "0x" + "11" * 20
    return {"string": "x", "bytes32": ROOT, "bool": True}.get(kind, 7)


ERRORS = [
    element
    for name in ("TreeHeadLedger", "RegionRegistry")
    for element in contract(name).errors.values()
]


@pytest.mark.parametrize("element", ERRORS, ids=lambda element: element.name)
def test_every_custom_error_is_typed_with_its_arguments(element):
    values = [sample(kind) for kind in element.inputs]
    refused = read_refusal(element.selector + _codec.encode(element.inputs, values))
    assert refused.name == element.name
    assert list(refused.arguments) == list(element.input_names)
    assert refused.code == "contract_" + "".join(
        "_" + letter.lower() if letter.isupper() else letter for letter in element.name
    ).lstrip("_")


def test_error_codes_are_distinct():
    codes = {
        read_refusal(
            each.selector + _codec.encode(each.inputs, [sample(kind) for kind in each.inputs])
        ).code
        for each in ERRORS
    }
    assert len(codes) == len(ERRORS)


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (bytes.fromhex("08c379a0") + _codec.encode(["string"], ["no money"]), "no money"),
        (bytes.fromhex("4e487b71") + _codec.encode(["uint256"], [17]), "panic 17"),
        (b"", "no reason given"),
        (b"\x01\x02", "0x0102"),
    ],
)
def test_other_reverts_are_told_as_they_are(data, detail):
    refused = read_refusal(data)
    assert (refused.code, refused.name) == ("contract_reverted", "")
    assert detail in refused.detail


def test_an_error_of_ours_that_does_not_fit_is_a_broken_answer():
    selector = contract("TreeHeadLedger").errors["TreeSizeSmaller"].selector
    with pytest.raises(UnavailableError) as broken:
        read_refusal(selector + bytes(31))
    assert broken.value.code == "chain_answer_malformed"


@pytest.mark.parametrize(
    "data", [bytes(95), bytes(97), b"\x01" + bytes(95), bytes(64) + b"\x01" + bytes(31), b""]
)
def test_results_are_decoded_exactly(data):
    with pytest.raises(UnavailableError):
        decode(("uint64", "bytes32", "uint64"), data, "head")


def event_log(**changes):
    topic = contract("TreeHeadLedger").events["TreeHeadAnchored"].topic
    log = {
        "address": "0x" + ADDRESS.hex(),
        "topics": ["0x" + topic.hex(), "0x" + LOG_ID.hex(), "0x" + (300).to_bytes(32, "big").hex()],
        "data": "0x" + (ROOT + bytes(64)).hex(),
        "blockNumber": "0x5",
        "blockHash": "0x" + "05" * 32,
        "transactionHash": "0x" + "06" * 32,
        "logIndex": "0x2",
        "removed": False,
    }
    return {**log, **changes}


def test_an_event_is_read_whole():
    event = read_event(event_log(), ADDRESS)
    assert (event.log_id, event.head) == (LOG_ID, TreeHead(300, ROOT))
    assert (event.block_number, event.log_index) == (5, 2)
    assert (event.block_hash, event.transaction) == (b"\5" * 32, b"\6" * 32)


@pytest.mark.parametrize(
    "changes",
    [
        {"removed": True},
        {"address": "0x" + "0b" * 20},
        {"topics": ["0x" + "01" * 32]},
        {"topics": []},
    ],
)
def test_other_logs_are_passed_over(changes):
    assert read_event(event_log(**changes), ADDRESS) is None


TOPICS = event_log()["topics"]


@pytest.mark.parametrize(
    "changes",
    [
        {"topics": TOPICS[:2]},
        {"topics": [*TOPICS, TOPICS[1]]},
        {"topics": [*TOPICS[:2], "0x" + "ff" * 32]},
        {"topics": [TOPICS[0], "0x12", TOPICS[2]]},
        {"topics": None},
        {"data": "0x"},
        {"data": "0x" + "00" * 97},
        {"blockNumber": None},
        {"blockHash": "0x12"},
        {"logIndex": "0xffffffffff"},
        {"transactionHash": 5},
        {"address": None},
    ],
)
def test_broken_events_are_refused(changes):
    with pytest.raises(UnavailableError) as broken:
        read_event(event_log(**changes), ADDRESS)
    assert broken.value.code == "chain_answer_malformed"


@pytest.mark.parametrize("value", [None, 5, "5", "0x", "0xg", "-0x5", "0x-5", "0x" + "f" * 65, {}])
def test_numbers_are_read_strictly(value):
    with pytest.raises(UnavailableError):
        answers.number(value)


@pytest.mark.parametrize("value", [None, 5, "1234", "0x123", "0xzz", "0x 12", b"\1"])
def test_bytes_are_read_strictly(value):
    with pytest.raises(UnavailableError):
        answers.data(value)


def test_code_is_compared_without_its_immutables():
    built = contract("TreeHeadLedger")
    (start, length), *_ = built.immutables
    deployed = bytearray(built.deployed)
    deployed[start : start + length] = b"\xff" * length
    assert built.is_code(bytes(deployed))
    deployed[0] ^= 1
    assert not built.is_code(bytes(deployed))
    assert not built.is_code(b"")
    assert not built.is_code(bytes(built.deployed) + b"\0")


def test_artifacts_are_package_data():
    path = resources.files("ledger.chain").joinpath("artifacts/contracts.json")
    names = json.loads(path.read_text("utf-8"))["contracts"]
    assert set(names) == {"RegionRegistry", "TreeHeadLedger"}
