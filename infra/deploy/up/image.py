"""The training image, built in the account by CodeBuild under the digest of its source."""

import hashlib
import io
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.up.foundation import AUTHORITIES
from infra.deploy.up.site import ROOT, Site
from infra.deploy.up.steps import Say, Unfinished, wait_until

SOURCES = ("functions/train", "functions/prepare", "shared")
SAME_TIME = (2020, 1, 1, 0, 0, 0)  # the same files make the same zip
BUILD_SECONDS = 3600  # half of it in CodeBuild's queue


def source_zip(root: Path = ROOT, authorities: Path = AUTHORITIES) -> bytes:
    """What the image is built of: what git knows of its folders, changes that are not committed too.

    And PostgreSQL's authorities, in `shared/`, which is /opt/python in the image as it is in Lambda.
    """
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *SOURCES],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    files = {name: root / name for name in listed.stdout.splitlines()} | {f"shared/{authorities.name}": authorities}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in sorted(files.items()):
            if file.is_file():
                archive.writestr(zipfile.ZipInfo(name, SAME_TIME), file.read_bytes(), zipfile.ZIP_DEFLATED)
    return content.getvalue()


class ImageBuild:
    """One image: started, waited for, named by its digest."""

    def __init__(self, site: Site, outputs: Mapping[str, str], source: bytes) -> None:
        self._site, self._outputs, self._source = site, outputs, source
        index = site.environment.get("TORCH_INDEX", "")
        self.tag = hashlib.sha256(source + index.encode()).hexdigest()[:40]
        self._variables = {"TAG": self.tag, "TORCH_INDEX": index, "CODE_VERSION": _commit()}
        self._id = ""

    def start(self) -> str:
        """Nothing where this very source has been built."""
        if self._digest():
            return f"{self.tag[:12]} has been built"
        key = f"{self.tag}.zip"
        self._site.client("s3").put_object(Bucket=self._outputs["SourceBucket"], Key=key, Body=self._source)
        variables = [{"name": name, "value": value, "type": "PLAINTEXT"} for name, value in self._variables.items()]
        started = self._site.client("codebuild").start_build(
            projectName=self._outputs["ImageProject"],
            sourceLocationOverride=f"{self._outputs['SourceBucket']}/{key}",
            environmentVariablesOverride=variables,
        )
        self._id = started["build"]["id"]
        return f"{self.tag[:12]} is being built, while the next steps go on"

    def finish(self, say: Say, every: float = 10.0) -> str:
        """The image by its digest; raises Unfinished with the address of the log."""
        if self._id:
            phases: list[str] = []

            def done() -> bool:
                build = self._build()
                if build.get("currentPhase") and build["currentPhase"] not in phases:
                    phases.append(build["currentPhase"])
                    say(f"      {build['currentPhase'].lower()}")
                return bool(build["buildStatus"] != "IN_PROGRESS")

            wait_until(done, BUILD_SECONDS, every)
            build = self._build()
            if build["buildStatus"] != "SUCCEEDED":
                raise Unfinished(
                    f"{build['buildStatus'].lower()}, its log: {build.get('logs', {}).get('deepLink', '?')}"
                )
        return f"{self._outputs['ImageUri']}@{self._digest()}"

    def _build(self) -> dict[str, Any]:
        (build,) = self._site.client("codebuild").batch_get_builds(ids=[self._id])["builds"]
        return dict(build)

    def _digest(self) -> str | None:
        try:
            images = self._site.client("ecr").describe_images(
                repositoryName=self._outputs["ImageRepository"], imageIds=[{"imageTag": self.tag}]
            )["imageDetails"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ImageNotFoundException":
                return None
            raise
        return str(images[0]["imageDigest"])


def _commit() -> str:
    git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    return git.stdout.strip()
