"""Words and identifiers of Python files. Nothing here is shared: text in, counts out."""

import re
import sysconfig
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)
WORD = re.compile(r"[A-Z]?[a-z]{2,}")  # parseHeader and parse_header are both two words

WORDS = "word "
IDENTIFIERS = "identifier "


@dataclass(frozen=True)
class Counts:
    """What was counted in one file; the names are prefixed with their kind."""

    names: Counter[str]
    sizes: dict[str, int]


def standard_library_files(most: int | None = None) -> list[str]:
    """The Python files of this interpreter's standard library, without what was installed into it."""
    root = Path(sysconfig.get_path("stdlib"))
    files = sorted(str(path) for path in root.rglob("*.py") if "site-packages" not in path.parts)
    return files[:most]


def count(file: str) -> Counts:
    data = Path(file).read_bytes()
    identifiers = Counter(IDENTIFIER.findall(data.decode("utf-8", errors="replace")))
    names: Counter[str] = Counter()
    for identifier, times in identifiers.items():
        names[IDENTIFIERS + identifier] += times
        for word in WORD.findall(identifier):
            names[WORDS + word.lower()] += times
    return Counts(names, {"files": 1, "bytes": len(data), "lines": data.count(b"\n")})


def count_all(files: list[str]) -> dict[str, int]:
    """The totals of all files, one after the other in this process."""
    totals: Counter[str] = Counter()
    for file in files:
        counts = count(file)
        totals.update(counts.names)
        totals.update(counts.sizes)
    return dict(totals)
