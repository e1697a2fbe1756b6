"""Planted: events are those that the region's own node shows, since it is asked first."""

from ledger.chain.agreedevents import AgreedEvents

BREAKS, LIE, NODES, LIARS = "events", "event_from_nothing", 4, 1


async def _read(self, first, last, final) -> list:
    lists = await self._panel.all(lambda view: view.anchors(first, last))
    return list(next(iter(lists.values())))


def plant(patch) -> None:
    patch.setattr(AgreedEvents, "read", _read)
