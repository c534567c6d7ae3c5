"""`make tidy` finds what it is there to find."""

from pathlib import Path

import pytest

from tools import tidy

LONG_FUNCTION = "def long():\n" + "    pass\n" * 40


@pytest.fixture
def ratchet(tmp_path: Path) -> Path:
    ratchet = tmp_path / "tools/tidy.toml"
    ratchet.parent.mkdir()
    ratchet.write_text(tidy.written({}, {}))
    return ratchet


def said(root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    status = tidy.main(root, root / "tools/tidy.toml", tighten=False)
    out = capsys.readouterr().out
    assert (status == 0) == ("nothing to say" in out)
    return out


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def test_a_tidy_project_passes(tmp_path: Path, ratchet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "src/manor/fine.py", "import json\njson.loads('1')\n")
    assert "nothing to say" in said(tmp_path, capsys)


@pytest.mark.parametrize(
    ("name", "text", "finding"),
    [
        ("src/manor/long.py", "pass\n" * 301, "src/manor/long.py: 301 lines; at most 300"),
        ("crates/a/src/long.rs", "//\n" * 301, "crates/a/src/long.rs: 301 lines"),
        ("src/manor/f.py", LONG_FUNCTION, "src/manor/f.py::long: 41 lines; at most 40"),
        ("src/manor/utils.py", "", "a name that says nothing"),
        ("src/manor/helpers/dict.py", "", "a name that says nothing"),
        ("README.md", "word \n", "README.md:1: white space at the end"),
        ("README.md", "a\tb\n", "README.md:1: a tab"),
        ("README.md", "word", "no newline at the end"),
        (
            "src/manor/_server/a.py",
            "from manor import _native\n",
            "only _resident, _transport, _wire and _codec import the native",
        ),
        (
            "src/manor/_server/a.py",
            "import manor._native\n",
            "only _resident, _transport, _wire and _codec import the native",
        ),
        ("src/manor/_server/a.py", "from manor import Manager\n", "a.py:1: imports the whole package"),
        ("src/manor/_server/a.py", "import pickle\npickle.loads(b'')\n", "a.py:2: only _codec unpickles"),
        ("src/manor/_server/a.py", "from pickle import Unpickler\n", "only _codec unpickles"),
        ("Cargo.toml", "[workspace]\n", "undocumented_unsafe_blocks"),
        ("docs/differences.md", "- This differs.\n", "docs/differences.md:1: names no test"),
        ("docs/differences.md", "- It differs: `tests/a.py::test_a`\n", "there is no file tests/a.py"),
        (
            "docs/differences.md",
            "| what | test |\n| --- | --- |\n| this | none |\n",
            "docs/differences.md:3: names no",
        ),
    ],
)
def test_a_breach_is_found(
    tmp_path: Path, ratchet: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, finding: str
) -> None:
    write(tmp_path, name, text)
    assert finding in said(tmp_path, capsys)


def test_a_docstring_does_not_count_for_the_length_of_a_function(
    tmp_path: Path, ratchet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "a.py", 'def f():\n    """One.\n\n' + "    More.\n" * 50 + '    """\n')
    assert "nothing to say" in said(tmp_path, capsys)


def test_a_difference_that_names_an_existing_test_passes(
    tmp_path: Path, ratchet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "tests/a.py", "class TestA:\n    def test_b(self):\n        pass\n")
    write(tmp_path, "docs/differences.md", "- It differs: `tests/a.py::TestA::test_b`\n")
    assert "nothing to say" in said(tmp_path, capsys)
    write(tmp_path, "docs/differences.md", "- It differs: `tests/a.py::TestA::test_c`\n")
    assert "there is no test_c in tests/a.py" in said(tmp_path, capsys)


def test_what_is_allowed_to_be_long_may_only_shrink(
    tmp_path: Path, ratchet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "a.py", "pass\n" * 320)
    ratchet.write_text(tidy.written({"a.py": 320}, {}))
    assert "nothing to say" in said(tmp_path, capsys)
    write(tmp_path, "a.py", "pass\n" * 321)
    assert "a.py: 321 lines; at most 320" in said(tmp_path, capsys)
    write(tmp_path, "a.py", "pass\n" * 310)
    assert "run `python tools/tidy.py --tighten`" in said(tmp_path, capsys)
    tidy.main(tmp_path, ratchet, tighten=True)
    assert ratchet.read_text() == tidy.written({"a.py": 310}, {})
    write(tmp_path, "a.py", "pass\n" * 330)
    tidy.main(tmp_path, ratchet, tighten=True)
    assert ratchet.read_text() == tidy.written({"a.py": 310}, {})
    (tmp_path / "a.py").unlink()
    assert "in tidy.toml but not in the project" in said(tmp_path, capsys)
