"""Putting a bundle together: records, the registrations that authorise them, certificates."""

from __future__ import annotations

from ledger.bundle import Bundle, Evidence
from ledger.errors import VerificationError
from ledger.ports import Found
from ledger.sharing.evidence import NewestSigned, Prover
from ledger.sharing.holdings import Holdings
from ledger.sharing.operators import parsed_operator, registrations
from ledger.sharing.rights import PUBLIC, Right
from ledger.sharing.showing import Shown, show
from ledger.statement import operator
from ledger.values import Origin

_MAX_REGISTRATIONS = 16


class Bundler:
    """Collects the evidence of some records for one reader."""

    def __init__(self, holdings: Holdings, newest_signed: NewestSigned, right: Right) -> None:
        self._holdings = holdings
        self._prover = Prover(holdings, newest_signed)
        self._right = right
        self._records: list[Evidence] = []
        self._operators: dict[tuple[Origin, int], Evidence] = {}
        self._known: dict[tuple[str, str], list[Found]] = {}

    async def add(self, found: Found) -> None:
        """Add a record; raises UnavailableError(checkpoint_missing)."""
        shown = show(found.statement, self._right)
        self._records.append(await self._prover.evidence(found, shown.compact))
        for registered in await self._registered(found, shown):
            place = (registered.leaf.origin, registered.leaf.index)
            if place not in self._operators:
                # Operator records are open to all.
                compact = show(registered.statement, PUBLIC).compact
                self._operators[place] = await self._prover.evidence(registered, compact)

    def bundle(self, certificates: tuple[bytes, ...]) -> Bundle:
        """The bundle of what was added, in that order."""
        return Bundle(tuple(self._records), tuple(self._operators.values()), certificates)

    async def _registered(self, found: Found, shown: Shown) -> list[Found]:
        """The registrations of the author's key that stand before the record."""
        if shown.parsed is None or shown.parsed.claims.kind == operator.KIND:
            return []
        leaf = found.leaf
        key = (leaf.origin.region, shown.parsed.kid)
        if key not in self._known:
            self._known[key] = await self._registrations(*key)
        place = (leaf.origin.epoch, leaf.index)
        earlier = [o for o in self._known[key] if (o.leaf.origin.epoch, o.leaf.index) < place]
        return earlier[-_MAX_REGISTRATIONS:]

    async def _registrations(self, region: str, kid: str) -> list[Found]:
        try:
            found = await registrations(self._holdings, region, kid)
        except VerificationError:
            # The kid was altered: the verifier says that no registration is known for it.
            return []
        return [one for one in found if parsed_operator(one) is not None]
