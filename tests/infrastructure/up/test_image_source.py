"""What the training image is built of."""

import io
import subprocess
import zipfile
from pathlib import Path

from infra.deploy.up.image import source_zip

FOLDERS = ("functions/train/", "functions/prepare/", "shared/portfolio_twin/")


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
