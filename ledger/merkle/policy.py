"""What a checkpoint of one log needs to be believed, as other verifiers read it (C2SP tlog-policy)."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.errors import VerificationError
from ledger.merkle.note import COSIGNATURE_KEY, LOG_KEY, VerifierKey

_GROUP = "witnesses"
_NONE = "none"


def tlog_policy(log: str, witnesses: Sequence[str], quorum: int) -> str:
    """Policy text for one log: its key, its witnesses' keys, and how many of them must cosign.

    Keys are verifier keys as text; a witness goes by its key name. Raises
    VerificationError(policy_keys, policy_quorum) and as VerifierKey.parse does.
    """
    log_key = VerifierKey.parse(log)
    keys = [VerifierKey.parse(witness) for witness in witnesses]
    names = [key.name for key in keys]
    if log_key.algorithm != LOG_KEY or any(key.algorithm != COSIGNATURE_KEY for key in keys):
        raise VerificationError("policy_keys", "a log key and cosigners' keys are needed")
    # A key or name given twice would count one witness as two.
    distinct = min(len({key.public_key for key in keys}), len({*names} - {_GROUP, _NONE}))
    if distinct != len(keys):
        raise VerificationError(
            "policy_keys", "two witnesses share a key, or a name cannot be used"
        )
    if not 0 <= quorum <= len(keys):
        raise VerificationError("policy_quorum", f"{quorum} of {len(keys)} witnesses cannot cosign")
    lines = [f"log {log_key.text()}", *(f"witness {key.name} {key.text()}" for key in keys)]
    if quorum:
        lines += [f"group {_GROUP} {quorum} {' '.join(names)}", f"quorum {_GROUP}"]
    else:
        lines.append(f"quorum {_NONE}")
    return "\n".join(lines) + "\n"
