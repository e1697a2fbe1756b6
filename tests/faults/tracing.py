"""strace on a process that runs already."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

_LETS_GO_WITHIN = 10.0


@asynccontextmanager
async def attached(
    pid: int, told: Path, paths: Sequence[Path], what: Sequence[str]
) -> AsyncIterator[None]:
    """Trace all threads of a process while the block runs; only calls about these paths.

    Args:
        told: where it is written down.
        what: further options of strace.
    """
    told.write_text("")
    tracer = await asyncio.create_subprocess_exec(
        "strace", "-f", "-qq", "-o", str(told), *(f"--trace-path={path}" for path in paths), *what,
        "-p", str(pid), stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        threads = Path(f"/proc/{pid}/task")
        async with asyncio.timeout(20):
            while any(_is_free(one) for one in threads.iterdir()):
                await asyncio.sleep(0.01)
        yield
    finally:
        if tracer.returncode is None:
            # It lets go of the process and ends.
            tracer.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_LETS_GO_WITHIN):
                await tracer.wait()
        except TimeoutError:
            # Told to let go of a process that ends at that moment, it may wait for it for ever (seen once).
            tracer.kill()
            await tracer.wait()


def _is_free(thread: Path) -> bool:
    return "TracerPid:\t0" in (thread / "status").read_text()
