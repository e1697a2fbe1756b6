"""What /readyz shows of a node's parts."""

from ledger.node.readiness import copies_state
from ledger.ports import CopiesStatus, CopyState


def test_readyz_shows_each_mirror():
    status = CopiesStatus(1, {"hebei": CopyState(7, 1.26)}, "copies_missing")
    assert copies_state(status) == {
        "wanted": 1,
        "code": "copies_missing",
        "mirrors": {"hebei": {"size": 7, "lag": 1.3}},
    }
