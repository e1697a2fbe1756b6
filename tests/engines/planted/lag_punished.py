"""Planted: who does not answer what two others agree upon is set aside for it."""

from ledger.chain.panel import Panel

BREAKS, LIE, NODES, LIARS = "aside", "old_head", 4, 1


def plant(patch) -> None:
    agree = Panel.agree

    async def _agree(self, what, question, **settled):
        value = await agree(self, what, question, **settled)
        for name in () if value is None else await self._order():
            if await self._ask_one(name, question) is None:
                await self.set_aside(name, f"{what}: {name} says nothing")
        return value

    patch.setattr(Panel, "agree", _agree)
