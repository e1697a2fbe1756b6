"""Grouping things that are linked, directly or through others (disjoint sets)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable


class Groups:
    """Disjoint sets over hashable nodes; a node exists from the first time it is named."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}

    def root(self, node: Hashable) -> Hashable:
        """The node that stands for this node's group now."""
        top = node
        while self._parent.setdefault(top, top) != top:
            top = self._parent[top]
        # Shorten the way for the next time: long chains of links would else cost their square.
        while self._parent[node] != top:
            self._parent[node], node = top, self._parent[node]
        return top

    def join(self, nodes: Iterable[Hashable]) -> None:
        """Put all these nodes into one group."""
        roots = [self.root(node) for node in nodes]
        for other in roots[1:]:
            self._parent[other] = roots[0]
