"""Checks the house rules that no other tool knows. Run by `make check`; prints one line for each breach.

Files have at most 300 lines and functions at most 40. Those that were longer before stand in tidy.toml with their
length, and may only get shorter: `python tools/tidy.py --tighten` lowers what is written there and never raises it.
"""

import argparse
import ast
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RATCHET = Path(__file__).with_name("tidy.toml")
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 40

SOURCE_SUFFIXES = {".py", ".pyi", ".rs"}
TEXT_SUFFIXES = SOURCE_SUFFIXES | {".md", ".toml", ".yml", ".yaml"}
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
NATIVE_USERS = ("src/manor/_resident", "src/manor/_transport", "src/manor/_wire", "src/manor/_codec")
UNPICKLER = "src/manor/_codec"
TEST_NAME = re.compile(r"`(tests/[\w/.-]+\.py)::(\w+)(?:::(\w+))?[^`]*`")

Lengths = dict[str, int]
Functions = ast.FunctionDef | ast.AsyncFunctionDef


def project_files(root: Path) -> Iterator[Path]:
    """Every file of ours below a directory: nothing hidden, nothing built."""
    for directory, below, names in os.walk(root):
        below[:] = [
            name for name in below if not name.startswith(".") and name not in {"target", "dist", "__pycache__"}
        ]
        yield from (Path(directory, name).relative_to(root) for name in sorted(names))


def file_lengths(root: Path, files: Iterable[Path]) -> Lengths:
    return {str(file): len((root / file).read_text().splitlines()) for file in files}


def function_lengths(file: Path, tree: ast.Module) -> Lengths:
    """Lengths without decorators and docstring, under `file::name`."""
    lengths: Lengths = {}

    def visit(node: ast.AST, path: str) -> None:
        for child in ast.iter_child_nodes(node):
            below = path
            if isinstance(child, Functions | ast.ClassDef):
                below = f"{path}{'::' if path.endswith('.py') else '.'}{child.name}"
            if isinstance(child, Functions):
                lengths[below] = length_of(child)
            visit(child, below)

    visit(tree, str(file))
    return lengths


def length_of(function: Functions) -> int:
    lines = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    is_docstring = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return lines - ((first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0)


def too_long(what: str, lengths: Lengths, allowed: Lengths, limit: int) -> Iterator[str]:
    for name, length in lengths.items():
        most = allowed.get(name, limit)
        if length > most:
            yield f"{name}: {length} lines; at most {most} for a {what}: look for the second idea in it"
        elif name in allowed and length < most:
            yield f"{name}: {length} lines, {most} in tidy.toml: run `python tools/tidy.py --tighten`"
    for name in allowed.keys() - lengths.keys():
        yield f"{name}: in tidy.toml but not in the project: run `python tools/tidy.py --tighten`"


def bad_names(files: Iterable[Path]) -> Iterator[str]:
    for file in files:
        if EMPTY_NAMES & {file.stem, *file.parent.parts}:
            yield f"{file}: a name that says nothing; name it for what is in it"


def bad_whitespace(file: Path, text: str) -> Iterator[str]:
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield f"{file}:{number}: white space at the end of the line"
        if "\t" in line:
            yield f"{file}:{number}: a tab"
    if text and not text.endswith("\n"):
        yield f"{file}: no newline at the end"


def wrong_imports(file: Path, tree: ast.Module) -> Iterator[str]:
    """What import-linter can't see: the native module, which is no Python file, and attributes."""
    if not str(file).startswith("src/manor/"):
        return
    for node in ast.walk(tree):
        place = f"{file}:{getattr(node, 'lineno', 0)}"
        if imports_package(node):
            yield f"{place}: imports the whole package, which imports everything; import from the module that has it"
        if imports_native(node) and not str(file).startswith(NATIVE_USERS):
            yield f"{place}: only _resident, _transport, _wire and _codec import the native module"
        if unpickles(node) and not str(file).startswith(UNPICKLER):
            yield f"{place}: only _codec unpickles"


def imports_package(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(name.name == "manor" for name in node.names)
    return (
        isinstance(node, ast.ImportFrom)
        and node.module == "manor"
        and any(not name.name.startswith("_") for name in node.names)
    )


def imports_native(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(name.name.startswith("manor._native") for name in node.names)
    if isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{name.name}" for name in node.names]
        return any(name.startswith("manor._native") for name in names)
    return False


def unpickles(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute) and node.attr in {"loads", "load", "Unpickler"}:
        return not (isinstance(node.value, ast.Name) and node.value.id in {"json", "tomllib"})
    return isinstance(node, ast.ImportFrom) and any(name.name in {"loads", "Unpickler"} for name in node.names)


def undocumented_unsafe(root: Path) -> Iterator[str]:
    """Clippy checks every `unsafe` for its SAFETY comment; this checks that it is told to, in every crate."""
    if not (root / "Cargo.toml").exists():
        return
    lints = tomllib.loads((root / "Cargo.toml").read_text()).get("workspace", {}).get("lints", {})
    level = lints.get("clippy", {}).get("undocumented_unsafe_blocks")
    if (level.get("level") if isinstance(level, dict) else level) not in {"deny", "forbid"}:
        yield 'Cargo.toml: [workspace.lints.clippy] must have undocumented_unsafe_blocks = "deny"'
    for manifest in sorted((root / "crates").glob("*/Cargo.toml")):
        if tomllib.loads(manifest.read_text()).get("lints") != {"workspace": True}:
            yield f"{manifest.relative_to(root)}: needs [lints] workspace = true"


def unproved_differences(root: Path) -> Iterator[str]:
    """Each list item and table row of docs/differences.md names a test, `tests/file.py::test`, that exists."""
    page = root / "docs/differences.md"
    lines = page.read_text().splitlines() if page.exists() else []
    header = True
    for number, line in enumerate(lines, 1):
        row = line.startswith("|")
        if row and header:
            header = not line.startswith("| -") and not line.startswith("|-")
            continue
        header = not row
        if not (row or line.startswith(("- ", "* "))):
            continue
        place = f"docs/differences.md:{number}"
        found = TEST_NAME.findall(line)
        if not found:
            yield f"{place}: names no test (`tests/file.py::test_name`)"
        for file, *names in found:
            yield from (f"{place}: {problem}" for problem in missing_test(root, file, [name for name in names if name]))


def missing_test(root: Path, file: str, names: list[str]) -> Iterator[str]:
    if not (root / file).exists():
        yield f"there is no file {file}"
        return
    text = (root / file).read_text()
    for name in names:
        if not re.search(rf"^\s*(async def|def|class) {name}\b", text, flags=re.MULTILINE):
            yield f"there is no {name} in {file}"


def tightened(allowed: Lengths, lengths: Lengths, limit: int) -> Lengths:
    lower = {name: min(most, lengths.get(name, 0)) for name, most in allowed.items()}
    return {name: most for name, most in sorted(lower.items()) if most > limit}


def written(files: Lengths, functions: Lengths) -> str:
    tables = {"file_lines": files, "function_lines": functions}
    lines = ["# Longer than the rule allows. Each number may only get smaller: python tools/tidy.py --tighten"]
    for table, lengths in tables.items():
        lines += ["", f"[{table}]", *(f'"{name}" = {length}' for name, length in lengths.items())]
    return "\n".join(lines) + "\n"


def main(root: Path, ratchet: Path, tighten: bool) -> int:
    files = list(project_files(root))
    texts = {file: (root / file).read_text() for file in files if file.suffix in TEXT_SUFFIXES}
    trees = {file: ast.parse(text, str(file)) for file, text in texts.items() if file.suffix == ".py"}
    lengths = file_lengths(root, (file for file in files if file.suffix in SOURCE_SUFFIXES))
    functions = {name: length for file, tree in trees.items() for name, length in function_lengths(file, tree).items()}
    allowed = tomllib.loads(ratchet.read_text())
    if tighten:
        shorter = tightened(allowed["file_lines"], lengths, FILE_LINES_MAX)
        ratchet.write_text(written(shorter, tightened(allowed["function_lines"], functions, FUNCTION_LINES_MAX)))
        return 0
    problems = [
        *too_long("file", lengths, allowed["file_lines"], FILE_LINES_MAX),
        *too_long("function", functions, allowed["function_lines"], FUNCTION_LINES_MAX),
        *bad_names(file for file in files if file.suffix in SOURCE_SUFFIXES),
        *(problem for file, text in texts.items() for problem in bad_whitespace(file, text)),
        *(problem for file, tree in trees.items() for problem in wrong_imports(file, tree)),
        *undocumented_unsafe(root),
        *unproved_differences(root),
    ]
    print("\n".join(problems) or f"tidy: {len(files)} files, nothing to say")
    return 1 if problems else 0


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--tighten", action="store_true", help="lower the numbers in tidy.toml where it got shorter")
    sys.exit(main(ROOT, RATCHET, arguments.parse_args().tighten))
