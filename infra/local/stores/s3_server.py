"""S3 (and the Step Functions engine) on this machine: moto's server, every object kept as a file in the state folder.

A write is on disk, under its final name, before it is acknowledged: whatever moment the process is killed at, the next
start finds every object whole, as it was or as it became.
"""

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import FakeKey, s3_backends
from werkzeug.serving import make_server

HOST = "127.0.0.1"
REGION = "us-east-1"
READS = ("GET", "HEAD", "OPTIONS")


class S3Server:
    """One bucket, restored from `state` at start; port 0 takes any free one. Use it as a context, or start and stop."""

    def __init__(self, state: Path, bucket: str = "portfolio-twin", port: int = 0, host: str = HOST) -> None:
        self.bucket = bucket
        self._mirror = Mirror(state / "s3", bucket)
        self._app = MirroredApp(DomainDispatcherApplication(create_backend_app), self._mirror)
        self._server = make_server(host, port, self._app, threaded=True, request_handler=QuietRequestHandler)
        self.url = f"http://{host}:{self._server.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What this process and its children need in their environment to find the server."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": REGION,
            "MOTO_PORT": str(self._server.port),  # where moto's own Step Functions engine calls other services
            "BUCKET": self.bucket,
        }

    def start(self) -> Self:
        self._mirror.restore()
        threading.Thread(target=self._server.serve_forever, name="s3", daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def heard_by(self, listener: Callable[[str], object]) -> Iterator[None]:
        """The listener is told the key of every object that is put from now on, after it is there."""
        self._app.listeners.append(listener)
        try:
            yield
        finally:
            self._app.listeners.remove(listener)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class QuietRequestHandler(MotoRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """One line per request would drown the pipeline's own lines."""


class Mirror:
    """One bucket's objects as files, one each, the whole key quoted into the name."""

    def __init__(self, folder: Path, bucket: str) -> None:
        self._folder, self._unfinished = folder / bucket, folder / f"{bucket}.unfinished"
        self.bucket = bucket

    def restore(self) -> None:
        """Makes the bucket in moto's memory and fills it from the folder."""
        for folder in (self._folder, self._unfinished):
            folder.mkdir(parents=True, exist_ok=True)
        for torn in self._unfinished.iterdir():
            torn.unlink()
        if self.bucket not in self._backend.buckets:
            self._backend.create_bucket(self.bucket, REGION)
        for file in self._folder.iterdir():
            stored = self._backend.put_object(self.bucket, unquote(file.name), file.read_bytes())
            stored.last_modified = datetime.fromtimestamp(file.stat().st_mtime, UTC).replace(
                tzinfo=None
            )  # as moto has it

    def follow(self, key: str) -> None:
        """Brings the files in line with what the bucket holds now, after a write to `key` ("": to any of them)."""
        keys = self._backend.buckets[self.bucket].keys
        for name in [key] if key else {unquote(file.name) for file in self._folder.iterdir()} | set(keys):
            file = self._folder / quote(name, safe="")
            if not isinstance(stored := keys.get(name), FakeKey):  # none, or a marker that it was deleted
                file.unlink(missing_ok=True)
            else:
                unfinished = self._unfinished / uuid.uuid4().hex
                unfinished.write_bytes(stored.value)
                unfinished.replace(file)

    @property
    def _backend(self) -> Any:
        return s3_backends[DEFAULT_ACCOUNT_ID]["aws"]


class MirroredApp:
    """moto's WSGI application; writes to the bucket go one by one, as moto's conditional PUT is not atomic."""

    def __init__(self, app: Any, mirror: Mirror) -> None:
        self._app, self._mirror = app, mirror
        self._writing = threading.Lock()
        self.listeners: list[Callable[[str], object]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        bucket, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
        if environ["REQUEST_METHOD"] in READS or bucket != self._mirror.bucket:
            answer: Iterable[bytes] = self._app(environ, start_response)
            return answer
        statuses = list[str]()

        def noting(status: str, *answer: Any) -> Any:
            statuses.append(status)
            return start_response(status, *answer)

        with self._writing:
            body = b"".join(self._app(environ, noting))
            key = key.encode("latin-1").decode()  # WSGI hands over UTF-8 as Latin-1
            self._mirror.follow(key)
        if key and _puts_an_object(environ) and statuses[-1].startswith("2"):
            for listener in self.listeners:
                listener(key)
        return [body]


def _puts_an_object(environ: dict[str, Any]) -> bool:
    """Whole, or its last part."""
    method, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
    return (method == "PUT" and not query) or (method == "POST" and "uploadId=" in query)
