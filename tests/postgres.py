"""A PostgreSQL server of our own for tests: durable as in production, gone with the test run.

Plugins for tests start theirs with fsync off, which a node refuses.
"""

import asyncio
import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import NoReturn

import asyncpg
import pytest

from ledger.store import PostgresAddress

OWNER, PASSWORD = "ledger", "not a secret, 7"
_PR_SET_PDEATHSIG = 1
_SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "wal_level": "replica",
    "wal_keep_size": "64MB",
    "max_wal_size": "128MB",
}


class MissingError(Exception):
    """This machine cannot run a server; says what lacks."""


def binary(name: str) -> Path:
    """The newest installed program of that name."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: float(path.parts[-3]),
    )
    path = found[-1] if found else shutil.which(name)
    if path is None:
        raise MissingError("PostgreSQL is not installed. Debian: apt-get install postgresql")
    return Path(path)


def run_as() -> dict:
    """How a child must start: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise MissingError("PostgreSQL does not run as root and there is no user postgres")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def _end_with_parent() -> None:
    if sys.platform == "linux":
        # Behind the change of user, which would forget it. SIGQUIT ends the whole server at once.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


class Server:
    """One server in a folder of its own; listens on loopback and on a socket in that folder."""

    def __init__(self) -> None:
        self._as = run_as()
        self.folder = Path(tempfile.mkdtemp(prefix="jjj-pg-"))
        self.data = self.folder / "data"
        self.password_file = self.folder / "password"
        self.password_file.write_text(f"{PASSWORD}\n")
        self.password_file.chmod(0o600)
        self.own(self.folder)
        self.port = free_port()
        self._numbers = count()
        self._clean: list[str] = []
        self._process: subprocess.Popen | None = None

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator["Server"]:
        """One that is stopped and removed at the end of the block; ``found`` or ``copy_of`` fill it."""
        server = cls()
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)
            shutil.rmtree(server.folder)

    def found(self, *options) -> None:
        """Fill its folder and start it, with a role that owns the databases of tests and nothing else."""
        # A language's order, as most servers have: ours must not depend on it.
        self.call(
            "initdb", "-D", self.data, "-U", "postgres", "--no-sync", "-E", "UTF8",
            "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US",
            "--auth-local=trust", "--auth-host=scram-sha-256", *options,
        )  # fmt: skip
        # In the file, so that ALTER SYSTEM can change it while the server runs.
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in _SETTINGS.items())
        self.start()
        self.admin(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'")

    def own(self, folder: Path) -> None:
        """Give a folder to the user that the server runs as."""
        if self._as:
            shutil.chown(folder, self._as["user"], self._as["group"])
        folder.chmod(0o700)

    def copy_of(self, primary: "Server") -> None:
        """Become a replica that will follow the other one when it is started."""
        self.call(
            "pg_basebackup", "-D", self.data, "-U", "postgres", "-h", primary.folder,
            "-p", primary.port, "-R", "-X", "stream", "-c", "fast", "--no-sync",
        )  # fmt: skip

    def copy(self, source: Path, target: Path) -> None:
        """Copy a folder of the stopped server, as its own user."""
        subprocess.run(["cp", "-a", source, target], check=True, **self._as)

    def follow(self, primary: "Server") -> None:
        """Wait until this replica has all that the other one has written."""
        [[end]] = primary.admin("SELECT pg_current_wal_flush_lsn()::text")
        while not self.admin(f"SELECT pg_last_wal_replay_lsn() >= '{end}'")[0][0]:
            time.sleep(0.02)

    def call(self, name: str, *arguments) -> str:
        """Run one of PostgreSQL's programs to its end; what it printed."""
        done = subprocess.run(
            [binary(name), *map(str, arguments)],
            capture_output=True, text=True, check=False, cwd=self.folder, **self._as,
        )  # fmt: skip
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
        return done.stdout

    @property
    def pid(self) -> int:
        """Of the process that all others of the server come from."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself, or was stopped."""
        return self._process is None or self._process.poll() is not None

    def start(self) -> None:
        """Start it and wait until it answers; in the main thread, since it ends with the one it came from."""
        options = ["-c", f"port={self.port}", "-c", f"unix_socket_directories={self.folder}"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [binary("postgres"), "-D", self.data, *options],
                stdout=log, stderr=log, cwd=self.folder, **self._as,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - tests start it before any thread
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: in order, SIGQUIT: as in a crash. Reaps it, without which it could not start again."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    @contextlib.contextmanager
    def altered(self, name: str, value: str) -> Iterator[None]:
        """Run with another setting for as long as the block lasts."""
        self.admin(f"ALTER SYSTEM SET {name} = {value}", "SELECT pg_reload_conf()")
        self._wait_for(name, value)
        try:
            yield
        finally:
            self.admin(f"ALTER SYSTEM RESET {name}", "SELECT pg_reload_conf()")
            self._wait_for(name, _SETTINGS[name])

    def admin(self, *statements: str, database: str = "postgres") -> list[asyncpg.Record]:
        """Run statements as the superuser, also from within a running loop; the rows of the last."""
        with ThreadPoolExecutor(1) as beside:
            return beside.submit(asyncio.run, self._admin(statements, database)).result()

    async def _admin(self, statements, database):
        connection = await asyncpg.connect(
            host=str(self.folder), port=self.port, user="postgres", database=database
        )
        try:
            return [await connection.fetch(one) for one in statements][-1]
        finally:
            await connection.close()

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The name of an empty database, for as long as the block lasts."""
        name = self._clean.pop() if self._clean else f"test_{next(self._numbers)}"
        if not self.admin(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
            self.admin(f"CREATE DATABASE {name} OWNER {OWNER}")
        yield name
        # Emptied and used again: to make and drop one each time costs more than most tests.
        self.admin(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "DROP SCHEMA public CASCADE",
            "CREATE SCHEMA public AUTHORIZATION pg_database_owner",
            database=name,
        )
        self._clean.append(name)

    def address(self, database: str, port: int | None = None) -> PostgresAddress:
        """Where a node finds that database, over TCP with a password."""
        return PostgresAddress(
            f"postgresql://{OWNER}@127.0.0.1:{port or self.port}/{database}", self.password_file
        )

    def _wait_for(self, name: str, value: str) -> None:
        while self.admin(f"SHOW {name}")[0][0] != value:
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            self.admin("SELECT 1")
        except (OSError, asyncpg.PostgresError):
            return False
        return True


def missing(error: MissingError) -> NoReturn:
    """Skip what needs a server, saying so; in CI fail, where it would else pass unnoticed."""
    pytest.fail(str(error)) if os.environ.get("CI") == "true" else pytest.skip(str(error))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The server of this test process; skips where none can run, and fails there in CI."""
    try:
        binary("initdb"), run_as()
    except MissingError as error:
        missing(error)
    with Server.running() as server:
        server.found()
        yield server
