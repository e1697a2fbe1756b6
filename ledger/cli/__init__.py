"""The command line, `jjj`: thin, heavy imports inside commands."""
