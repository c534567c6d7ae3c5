"""What is shipped is complete: every file of the package and of the Rust crates is in the source distribution."""

import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
NEEDED = ("src/manor/py.typed", "Cargo.toml", "Cargo.lock", "pyproject.toml", "LICENSE", "README.md")
SOURCES = (".py", ".pyi", ".rs", ".toml")


def sources() -> set[str]:
    files = [path for folder in ("src", "crates") for path in (ROOT / folder).rglob("*") if path.suffix in SOURCES]
    return {str(path.relative_to(ROOT)) for path in files if "target" not in path.parts} | set(NEEDED)


def test_the_source_distribution_has_every_source(tmp_path: Path) -> None:
    maturin = Path(sys.executable).with_name("maturin")
    subprocess.run([maturin, "sdist", "--out", tmp_path], cwd=ROOT, check=True, capture_output=True, timeout=100)
    [made] = tmp_path.glob("*.tar.gz")
    with tarfile.open(made) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert sources() <= names
