"""The node's own tasks, in an order that does not hang on where objects lie in memory."""

from ledger.node.world import AsyncioTasks


class _Ordered(dict):
    """As much of a set as AsyncioTasks needs, in order of arrival."""

    def add(self, one) -> None:
        self[one] = None

    def discard(self, one) -> None:
        self.pop(one, None)


class OrderedTasks(AsyncioTasks):
    """AsyncioTasks on the virtual loop: spawns, sleeps and times out by virtual time."""

    def __init__(self) -> None:
        super().__init__()
        self._running = _Ordered()
