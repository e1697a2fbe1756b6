"""Planted: who does not answer what two others agree upon is set aside for it."""

from ledger.chain.panel import Panel, _values

BREAKS, LIE, NODES, LIARS = "aside", "old_head", 4, 1


def plant(patch) -> None:
    agree = Panel.agree

    async def _agree(self, what, question, **settled):
        value, order = await agree(self, what, question, **settled), await self._order()
        for name in () if value is None else [*order[0], *order[1]]:
            if name not in _values(await self._ask([name], question, grace=None)):
                await self.set_aside(name, f"{what}: {name} says nothing")
        return value

    patch.setattr(Panel, "agree", _agree)
