"""The four validators as processes: started, killed, stopped and waited for, one by one or together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.consortium.layout import Home
from ledger.consortium.plan import Plan
from ledger.consortium.ports import LOOPBACK, Reserved, reserve
from ledger.consortium.validator import Validator
from ledger.errors import UnavailableError

PeerAddress = Callable[[str, str], str]
"""Where the first authority reaches the second one's validator, as host:port."""
_LOOK_SECONDS = 0.1


class Consortium:
    """Validators by authority, in the plan's order.

    Attributes:
        validators: by authority.
        peer_address: asked at every start of a validator for the address of each of its links; a test may
            put itself between two of them.
    """

    def __init__(
        self, validators: Iterable[Validator], plan: Plan, block_time: float, ports: Reserved
    ) -> None:
        self.validators = {one.home.authority: one for one in validators}
        self.peer_address: PeerAddress = self._straight
        self._plan = plan
        self._block_time = block_time
        self._ports = ports

    def start(self, *authorities: str) -> None:
        """Start these validators, or all; does not wait for them."""
        for name in authorities or self.validators:
            self.validators[name].start(self.settings(name))

    def stop(self, *authorities: str) -> None:
        """Stop these validators, or all, together."""
        chosen = [self.validators[name] for name in authorities or self.validators]
        for one in chosen:
            one.ask_to_end()
        for one in chosen:
            one.wait_for_end()

    def kill(self, *authorities: str) -> None:
        """Kill -9 these validators, or all."""
        for name in authorities or self.validators:
            self.validators[name].kill()

    def wait_for_blocks(self, *authorities: str, seconds: float = 120.0) -> None:
        """Wait until these validators, or all, have a block that they had not when they first answered.

        Raises:
            UnavailableError: consortium_not_started.
        """
        waiting = {name: self.validators[name] for name in authorities or self.validators}
        first: dict[str, int] = {}
        deadline = time.monotonic() + seconds
        while waiting:
            for name, one in list(waiting.items()):
                _check(one, deadline)
                height = one.height()
                if height is not None and height > first.setdefault(name, height):
                    del waiting[name]
            time.sleep(_LOOK_SECONDS)

    def settings(self, authority: str) -> dict[str, str]:
        """What the engine of that authority reads from its environment."""
        own = self.validators[authority].ports
        peers = [
            f"{other.home.node_id}@{self.peer_address(authority, name)}"
            for name, other in self.validators.items()
            if name != authority
        ]
        values = {
            **self._plan.start,
            "p2p.laddr": f"tcp://{LOOPBACK}:{own.p2p}",
            "p2p.persistent_peers": ",".join(peers),
            "rpc.laddr": f"tcp://{LOOPBACK}:{own.comet}",
            "grpc.address": f"{LOOPBACK}:{own.grpc}",
            "json-rpc.address": f"{LOOPBACK}:{own.json_rpc}",
            "json-rpc.ws-address": f"{LOOPBACK}:{own.json_ws}",
            "consensus.timeout_commit": f"{round(self._block_time * 1000)}ms",
        }
        return {_variable(name): value for name, value in values.items()}

    def close(self) -> None:
        """Stop all and let others have the ports."""
        self.stop()
        self._ports.close()

    def _straight(self, _source: str, target: str) -> str:
        return f"{LOOPBACK}:{self.validators[target].ports.p2p}"


@contextmanager
def consortium(
    program: Path,
    homes: tuple[Home, ...],
    plan: Plan,
    *,
    block_time: float | None = None,
    first_port: int = 0,
) -> Iterator[Consortium]:
    """The validators of these homes, not yet started; all are stopped at the end of the block.

    Args:
        program: the engine.
        homes: what was laid out.
        plan: the plan it was laid out by.
        block_time: seconds, where not the plan's.
        first_port: of the first validator's JSON-RPC, the others' behind it; 0 takes free ones.

    Raises:
        UnavailableError: port_taken.
    """
    ports = reserve(len(homes), first_port)
    each = zip(homes, ports.validators, strict=True)
    validators = [Validator(program, home, own) for home, own in each]
    made = Consortium(
        validators, plan, plan.block_time if block_time is None else block_time, ports
    )
    try:
        yield made
    finally:
        made.close()


def _check(one: Validator, deadline: float) -> None:
    if one.pid is None:
        said = f"ended: {one.last_words()}"
    elif time.monotonic() > deadline:
        said = f"makes no blocks: {one.last_words()}"
    else:
        return
    raise UnavailableError("consortium_not_started", f"validator {one.home.authority} {said}")


def _variable(name: str) -> str:
    return "EVMD_" + name.upper().replace(".", "_").replace("-", "_")
