"""Group, count and nest: containers inside of containers, changed by several processes."""

import multiprocessing
from typing import Any

from manor import Manager, to_local

WORDS = "the quick brown fox jumps over the lazy dog and the cat".split()  # noqa: SIM905 - as it is read
WORKERS = 3


def work(number: int, by_length: Any, counts: Any, report: Any) -> None:
    """Group and count some of the words, and report."""
    mine = WORDS[number::WORKERS]
    for word in mine:
        by_length[len(word)].append(word)  # the first who asks for a length makes its list
        counts.add(word)
    report["workers"][number] = {"words": mine, "done": False}
    report["workers"][number]["done"] = True  # no copy: it is shared, with all that is in it


def main() -> None:
    with Manager() as manager:
        by_length, counts = manager.defaultdict(list), manager.Counter()
        report = manager.dict({"workers": {}}, deep=True)

        processes = [
            multiprocessing.Process(target=work, args=(number, by_length, counts, report)) for number in range(WORKERS)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            assert process.exitcode == 0

        groups: dict[int, list[str]] = to_local(by_length)
        for length in sorted(groups):
            print(f"{length} letters: {', '.join(sorted(groups[length]))}")
        print(f"most common: {counts.most_common(1)}")
        assert sorted(word for group in groups.values() for word in group) == sorted(WORDS)
        assert counts["the"] == 3
        assert all(entry["done"] for entry in to_local(report)["workers"].values())


if __name__ == "__main__":
    main()
