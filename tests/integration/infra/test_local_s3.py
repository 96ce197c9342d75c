import signal
from pathlib import Path

import boto3

from infra.local.stores.s3_server import Mirror, S3Server
from portfolio_twin.adapters.s3.objects import Objects
from tests.fakes import processes

WRITER = """
import os, sys
from pathlib import Path
from infra.local.stores.s3_server import S3Server
server = S3Server(Path(sys.argv[1]), "killed-bucket").start()
os.environ.update(server.environment)
from portfolio_twin.adapters.s3.objects import Objects, connect
objects, i = Objects(server.bucket, ["a pointer/"], connect()), 0
while True:
    body = str(i).encode() * 100_000
    objects.write("a pointer/\\u00fc+%.json", body)
    print(i, flush=True)  # acknowledged
    i += 1
"""


def test_killed_in_mid_write_the_next_start_finds_every_acknowledged_object_whole(tmp_path: Path) -> None:
    with processes.start("-c", WRITER, tmp_path) as process:
        assert process.stdout is not None
        for _ in range(10):
            acknowledged = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *(int(line) for line in process.stdout)])
    with S3Server(tmp_path, "killed-bucket") as server:
        body = Objects(server.bucket, ["a pointer/"], client(server)).read("a pointer/ü+%.json")
    stored = int(body[: len(body) // 100_000])
    assert body == str(stored).encode() * 100_000
    assert stored in (acknowledged, acknowledged + 1)


def test_what_is_deleted_stays_deleted(tmp_path: Path) -> None:
    with S3Server(tmp_path, "deleting-bucket") as server:
        s3 = client(server)
        for key in ("one", "two", "three"):
            s3.put_object(Bucket=server.bucket, Key=key, Body=b"1")
        s3.delete_object(Bucket=server.bucket, Key="one")
        s3.delete_objects(Bucket=server.bucket, Delete={"Objects": [{"Key": "two"}]})
    assert [file.name for file in (tmp_path / "s3" / "deleting-bucket").iterdir()] == ["three"]


def test_a_large_upload_in_parts_is_kept_whole(tmp_path: Path) -> None:
    part = b"x" * 5 * 1024 * 1024
    with S3Server(tmp_path, "multipart-bucket") as server:
        s3, target = client(server), {"Bucket": server.bucket, "Key": "folder/large"}
        upload = s3.create_multipart_upload(**target)["UploadId"]
        tags = [s3.upload_part(**target, UploadId=upload, PartNumber=n, Body=part)["ETag"] for n in (1, 2)]
        parts = [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, 1)]
        s3.complete_multipart_upload(**target, UploadId=upload, MultipartUpload={"Parts": parts})
    assert (tmp_path / "s3" / "multipart-bucket" / "folder%2Flarge").stat().st_size == 2 * len(part)


def test_a_torn_file_of_a_killed_process_is_swept_away(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path, "torn-bucket")
    mirror.restore()
    torn = tmp_path / "torn-bucket.unfinished" / "0"
    torn.write_bytes(b"half")
    mirror.restore()
    assert not torn.exists()


def client(server: S3Server) -> "boto3.client":
    return boto3.client(
        "s3", endpoint_url=server.url, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
