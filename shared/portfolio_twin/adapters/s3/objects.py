"""Whole objects of one S3 bucket: conditional writes, and every failure of S3 as one of ours."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from portfolio_twin.adapters import time_left
from portfolio_twin.errors import NotFound, RegistryUnavailable

READERS = 50  # at once, where one function reads something of every tenant
# A function behind the API has 28 s in all: a store that hangs must cost a fraction of that.
# The version of the signature is for links, which botocore would sign by the old one where a region still takes it.
QUICK = Config(
    connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 3}, signature_version="s3v4",
    max_pool_connections=READERS,
)  # fmt: skip
PIECE_BYTES = 1024**2
MISSING_CODES = ("NoSuchKey", "404")
CONDITION_CODES = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")


class Unmodified(Exception):
    """The object is still the one that the caller knows."""


class ConditionFailed(Exception):
    """Somebody else wrote the object first."""


class StoredObject(NamedTuple):
    body: bytes
    etag: str


class Listed(NamedTuple):
    size: int  # bytes
    etag: str
    written_at: datetime


class ObjectVersion(NamedTuple):
    """One version of an object, or the marker that says it was deleted."""

    key: str
    version_id: str


def connect() -> Any:
    """A client of S3; no connection is made yet."""
    return time_left.keep_within(boto3.client("s3", config=QUICK), QUICK)


class Objects:
    """Reads and writes whole objects below its roots, and refuses every other key.

    Raises RegistryUnavailable when S3 does not answer, and ValueError for a key that lies elsewhere: a mistake of ours.
    """

    def __init__(self, bucket: str, roots: Sequence[str], client: Any) -> None:
        self.bucket, self._roots, self._s3 = bucket, tuple(roots), client

    def find(self, key: str, unless: str | None = None) -> StoredObject | None:
        """The object, or None when there is none; raises Unmodified while its ETag is still `unless`."""
        condition = {} if unless is None else {"IfNoneMatch": unless}
        with self._calling(key):
            try:
                answer = self._s3.get_object(Bucket=self.bucket, Key=key, **condition)
                return StoredObject(answer["Body"].read(), answer["ETag"])
            except ClientError as error:
                if _code(error) in MISSING_CODES:
                    return None
                if _code(error) in ("304", "NotModified"):
                    raise Unmodified from error
                raise

    def read(self, key: str) -> bytes:
        """The object's bytes; raises NotFound."""
        stored = self.find(key)
        if stored is None:
            raise NotFound(f"s3://{self.bucket}/{key} does not exist")
        return stored.body

    def write(self, key: str, body: bytes) -> None:
        self._put(key, body, {})

    def create(self, key: str, body: bytes) -> bool:
        """Writes the object unless there is one already: then False."""
        try:
            self._put(key, body, {"IfNoneMatch": "*"})
        except ConditionFailed:
            return False
        return True

    def replace(self, key: str, body: bytes, etag: str | None) -> str:
        """Writes over the object with this ETag (None: over no object); raises ConditionFailed. Its new ETag."""
        try:
            return self._put(key, body, {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag})
        except ConditionFailed:
            stored = self.find(key)
            if stored is not None and stored.body == body:  # an earlier try of ours arrived, its answer got lost
                return stored.etag
            raise

    def link(self, key: str, content_type: str, seconds: int) -> str:
        """An address at which anybody can read the object so long; whether it is there, nobody looks."""
        wanted = {"Bucket": self.bucket, "Key": key, "ResponseContentType": content_type}
        with self._calling(key):
            address: str = self._s3.generate_presigned_url("get_object", Params=wanted, ExpiresIn=seconds)
        return address

    def fetch(self, key: str, into: Path) -> str:
        """Writes the object to a file, a piece at a time: its ETag. Raises NotFound."""
        with self._calling(key), into.open("wb") as file:
            try:
                answer = self._s3.get_object(Bucket=self.bucket, Key=key)
            except ClientError as error:
                if _code(error) in MISSING_CODES:
                    raise NotFound(f"s3://{self.bucket}/{key} does not exist") from error
                raise
            for piece in answer["Body"].iter_chunks(PIECE_BYTES):
                file.write(piece)
        etag: str = answer["ETag"]
        return etag

    def files(self, prefix: str) -> dict[str, int]:
        """Name below the prefix → size in bytes."""
        return {name: listed.size for name, listed in self.listed(prefix).items()}

    def listed(self, prefix: str) -> dict[str, Listed]:
        """By name below the prefix."""
        with self._calling(prefix):
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            entries = [entry for page in pages for entry in page.get("Contents", ())]
        return {
            entry["Key"].removeprefix(prefix): Listed(entry["Size"], entry["ETag"], entry["LastModified"])
            for entry in entries
        }

    def versions(self, prefix: str) -> Iterator[list[ObjectVersion]]:
        """All that was ever put below the prefix and is still stored, a page at a time."""
        pages = iter(self._s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=prefix))
        while True:
            with self._calling(prefix):
                page = next(pages, None)
            if page is None:
                return
            stored = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            yield [ObjectVersion(each["Key"], each["VersionId"]) for each in stored]

    def erase(self, versions: Sequence[ObjectVersion]) -> None:
        """For good, no marker left: at most a page of `versions`."""
        if not versions:
            return
        for key, _ in versions:
            self._check(key)
        named = [{"Key": key, "VersionId": version_id} for key, version_id in versions]
        with self._calling(versions[0].key):
            answer = self._s3.delete_objects(Bucket=self.bucket, Delete={"Objects": named, "Quiet": True})
        if refused := answer.get("Errors"):
            raise RegistryUnavailable(f"S3 kept {len(refused)} objects, the first for {refused[0].get('Code')}")

    def _put(self, key: str, body: bytes, condition: dict[str, str]) -> str:
        with self._calling(key):
            try:
                answer = self._s3.put_object(Bucket=self.bucket, Key=key, Body=body, **condition)
            except ClientError as error:
                if _code(error) in CONDITION_CODES or (_code(error) in MISSING_CODES and condition):
                    raise ConditionFailed(key) from error
                raise
        etag: str = answer["ETag"]
        return etag

    @contextmanager
    def _calling(self, key: str) -> Iterator[None]:
        """Around every call of S3: the key is one of ours, and a failure becomes one of our errors."""
        self._check(key)
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise RegistryUnavailable(f"S3 did not answer for {key}: {error}") from error

    def _check(self, key: str) -> None:
        if not key.startswith(self._roots) or ".." in key.split("/"):
            raise ValueError(f"{key!r} does not lie below {' or '.join(self._roots)}")


def _code(error: ClientError) -> str:
    code: str = error.response["Error"]["Code"]
    return code
