"""Every example in a docstring of the package prints what it says, in a process of its own."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "manor"
PROMPT = ">>>"
EXAMPLES_MIN = 25
"""How many docstrings have examples now: one that is not found any more is missed."""

RUN = """
import doctest, sys
text, name, file, line = sys.argv[1:]
test = doctest.DocTestParser().get_doctest(text, globals(), name, file, int(line))
sys.exit(doctest.DocTestRunner().run(test).failed)
"""


def docstrings() -> dict[str, tuple[Path, int, str]]:
    """Return each docstring that has a prompt in it, those of variables and of stubs included, and where it is."""
    found = {}
    for source in sorted(PACKAGE.rglob("*")):
        if source.suffix in {".py", ".pyi"}:
            for node in ast.walk(ast.parse(source.read_text())):
                match node:
                    case ast.Expr(ast.Constant(str(text))) if PROMPT in text:
                        found[f"{source.relative_to(PACKAGE)}:{node.lineno}"] = source, node.lineno, text
    return found


def test_the_docstrings_have_examples() -> None:
    assert len(docstrings()) >= EXAMPLES_MIN


@pytest.mark.parametrize(("source", "line", "text"), docstrings().values(), ids=docstrings().keys())
def test_an_example_prints_what_it_says(source: Path, line: int, text: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN, text, source.stem, source, str(line - 1)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
