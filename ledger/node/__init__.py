"""The composition root of one region's node."""
