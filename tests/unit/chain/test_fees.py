"""What takes a waiting transaction's place offers an eighth more, and never more than the most."""

import pytest

from ledger.chain.accounts import Fees
from ledger.chain.anchorcalls import AnchorCalls
from ledger.chain.rawtransactions import read_raw
from ledger.values import ChainIdentity, TreeHead

KNOWN = ChainIdentity(5, b"\1" * 32, 3, b"\2" * 32, b"\3" * 20, b"\4" * 32)
HEAD = TreeHead(9, b"\5" * 32)


def calls(fees):
    return AnchorCalls(KNOWN, bytes(31) + b"\x07", fees, 150_000)


@pytest.mark.parametrize(
    ("fees", "dearer"),
    [
        (Fees(0), Fees(1)),
        (Fees(1), Fees(2)),
        (Fees(800), Fees(900)),
        (Fees(801), Fees(902)),
        (Fees(1000, 10), Fees(1125, 12)),
        (Fees(1000, 0), Fees(1125, 1)),
    ],
)
def test_the_same_call_is_made_at_an_eighth_more(fees, dearer):
    signer = calls(fees)
    first = signer.sign(4, b"\6" * 32, HEAD, [b"\7" * 32])
    second = signer.sign_dearer([first.raw], 10**9)
    before, after = read_raw(first.raw), read_raw(second.raw)
    assert after.fees == dearer
    assert 8 * after.fees.price >= 9 * before.fees.price
    assert (after.nonce, after.gas, after.to, after.data) == (4, 150_000, b"\3" * 20, before.data)
    # The dearest of all that wait is the one to outbid.
    third = signer.sign_dearer([second.raw, first.raw], 10**9)
    assert read_raw(third.raw).fees == dearer.dearer


def test_it_stops_at_the_most_that_may_be_paid():
    signer = calls(Fees(800))
    first = signer.sign(0, b"\6" * 32, HEAD, [])
    assert signer.sign_dearer([first.raw], 900) is not None
    assert signer.sign_dearer([first.raw], 899) is None
