"""What the training image is built of."""

import io
import subprocess
import zipfile
from pathlib import Path

from infra.deploy.up.image import source_zip
from tests.infrastructure.resources import ROOT

FOLDERS = ("functions/train/", "functions/prepare/", "shared/")


def test_the_zip_holds_the_trainer_and_the_package_and_nothing_that_git_ignores() -> None:
    names = set(zipfile.ZipFile(io.BytesIO(source_zip())).namelist())
    assert {
        "functions/train/Dockerfile",
        "functions/train/app.py",
        "functions/prepare/app.py",
        "shared/portfolio_twin/settings.py",
    } <= names
    assert not [name for name in names if not name.startswith(FOLDERS)]
    assert not [name for name in names if "__pycache__" in name]


def test_the_same_files_make_the_same_zip_and_a_changed_one_another(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    file = tmp_path / "functions/train/app.py"
    file.parent.mkdir(parents=True)
    file.write_text("one")
    first = source_zip(tmp_path)
    file.touch()
    assert source_zip(tmp_path) == first
    file.write_text("two")
    assert source_zip(tmp_path) != first


def test_who_signs_postgresqls_certificates_lies_in_the_image_where_the_foundations_url_names_it(
    tmp_path: Path,
) -> None:
    """The job of a large tenant has the functions' DATABASE_URL."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    authorities = tmp_path / "rds-ca.pem"
    authorities.write_text("certificates")
    assert zipfile.ZipFile(io.BytesIO(source_zip(tmp_path, authorities))).namelist() == ["shared/rds-ca.pem"]
    assert "COPY shared /opt/python" in (ROOT / "functions/train/Dockerfile").read_text()
    assert "sslrootcert=/opt/python/rds-ca.pem" in (ROOT / "infra/foundation.yaml").read_text()
