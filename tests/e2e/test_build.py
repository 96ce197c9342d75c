"""What `make build` left: small enough, and compiled."""

from pathlib import Path

from infra.deploy.build import BUILT, LAYERS, report


def test_layers_and_functions_are_within_their_sizes() -> None:
    assert report() == 0


def test_every_module_of_the_layers_has_its_bytecode() -> None:
    modules = [path for layer in LAYERS for path in (BUILT / layer / "python").rglob("*.py")]
    assert len(modules) > 1000
    bare = [path for path in modules if not _compiled(path).exists()]
    assert not bare, bare[:5]


def _compiled(module: Path) -> Path:
    return module.parent / "__pycache__" / f"{module.stem}.cpython-313.pyc"
