"""Merkle trees of RFC 9162 and the C2SP log formats: hashing, proofs, tiles, notes, checkpoints.

Pure: facts go in, facts come out; no input, no output, no clock. Everything that does not hold
raises VerificationError, and no input raises anything else.
"""
