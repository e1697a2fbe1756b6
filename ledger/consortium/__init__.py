"""The consortium chain on one machine: four validators of CometBFT with an EVM, one of each authority.

For development, tests and pilots. The engine is built with Go from a checkout of this project; a
production node never imports this room.
"""
