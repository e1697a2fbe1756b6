"""Remembering what was judged before, so that a thousand records under one checkpoint cost one check."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memory(Generic[K, V]):
    """Values by the whole of what they were made from; holds ``most`` at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[K, V] = {}

    def recall(self, key: K, make: Callable[[], V]) -> V:
        """The value for the key, made now if it is not remembered."""
        if key in self._values:
            return self._values[key]
        if len(self._values) >= self._most:
            # Starting over is the simplest bound; strangers' bundles must not fill the memory.
            self._values.clear()
        value = self._values[key] = make()
        return value
