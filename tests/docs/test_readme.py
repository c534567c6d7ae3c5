"""Every Python block of the README and of docs/ runs, as a script file in a process of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> dict[str, str]:
    """Return the Python blocks, by page and line."""
    pages = [(str(page.relative_to(ROOT)), page.read_text()) for page in PAGES]
    return {
        f"{name}:{text.count(chr(10), 0, block.start()) + 2}": block[1]
        for name, text in pages
        for block in BLOCK.finditer(text)
    }


def test_the_readme_has_examples() -> None:
    assert any(name.startswith("README.md:") for name in blocks())


@pytest.mark.parametrize("code", blocks().values(), ids=blocks().keys())
def test_an_example_runs(code: str, tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(code)
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}  # others may run the same names
    run = subprocess.run(
        [sys.executable, script],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
