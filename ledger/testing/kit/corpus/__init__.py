"""The corpus of docs/protocol: bundles with the verdict that every verifier must reach."""

from ledger.testing.kit.corpus.files import corpus_files

__all__ = ["corpus_files"]
