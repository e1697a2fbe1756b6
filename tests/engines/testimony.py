"""Every lie by its name. Imports nothing of the product."""

from tests.engines import forgeries, lameness, lies
from tests.engines.lies import Lie

LIES: dict[str, type[Lie]] = {
    "event_from_nothing": forgeries.EventFromNothing,
    "higher_head": lies.HigherHead,
    "higher_nonce": lies.HigherNonce,
    "invented_event": lies.InventedEvent,
    "invented_transaction": forgeries.InventedTransaction,
    "later_block": lies.LaterBlock,
    "other_block_hash": forgeries.OtherBlockHash,
    "other_code": lies.OtherCode,
    "other_contract": lies.OtherContract,
    "other_identity": lies.OtherIdentity,
    "other_place": lies.OtherPlace,
    "other_time": lies.OtherTime,
    "status_0": lies.Status0,
    "status_1": lies.Status1,
    "wrong_root": lies.WrongRoot,
}
"""Each contradicts what the true chain holds."""

LAME: dict[str, type[Lie]] = {
    "broken": lameness.Broken,
    "broken_off": lameness.BrokenOff,
    "impossible_head": lameness.ImpossibleHead,
    "late": lameness.Late,
    "not_found": lameness.NotFound,
    "old_head": lameness.OldHead,
    "pending_receipt": lameness.PendingReceipt,
    "refused": lameness.Refused,
    "silent": lameness.Silent,
    "stalled": lameness.Stalled,
    "swallowed": lameness.Swallowed,
    "trickling": lameness.Trickling,
    "withheld_event": lameness.WithheldEvent,
}
"""Each contradicts nobody: it may be the truth of another moment, or no answer."""
