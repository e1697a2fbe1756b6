"""The bundle: the file of evidence a reader carries away, and its bytes."""

from ledger.bundle.codec import decode_bundle, encode_bundle
from ledger.bundle.model import Anchor, Asked, Bundle, Evidence

__all__ = ["Anchor", "Asked", "Bundle", "Evidence", "decode_bundle", "encode_bundle"]
