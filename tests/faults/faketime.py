"""Wall clocks of running processes are set wrong, by Debian's libfaketime; monotonic time goes on."""

from pathlib import Path


def library() -> Path | None:
    """Where it is installed, if it is."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


def environment(clock: Path) -> dict[str, str]:
    """What makes a process take its wall time from ``set_wrong`` of that file, read anew at each look."""
    return {
        "LD_PRELOAD": str(library()),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        # The first name is that of older releases.
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def set_wrong(clock: Path, seconds: int) -> None:
    """Wall time is wrong by so much from now on."""
    fresh = clock.with_suffix(".new")
    fresh.write_text(f"{seconds:+d}\n")
    # At once: a look at a file half written would take it for no time at all.
    fresh.replace(clock)
