"""Programs that share nothing but a name: one owns the manager, others find it, before or after it starts.

A program of its own would say `manor.attach("examples-names")` in each of them; here one script is all three.
"""

import subprocess
import sys

import manor

NAME = "examples-names"


def own() -> None:
    with manor.Manager(name=NAME) as manager:
        manager.Queue(name="words")
        manager.dict(name="lengths")
        print("owner:", sorted(manager.names()), flush=True)
        sys.stdin.read()  # until nobody needs it any more


def measure() -> None:
    manager = manor.attach(NAME, timeout=30)  # waits for the owner, if need be
    words, lengths = manager.Queue(name="words"), manager.dict(name="lengths")  # made, or found
    while (word := words.get()) is not None:
        lengths[word] = len(word)


def start(role: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, __file__, role], stdin=subprocess.PIPE, text=True)


def main() -> None:
    with start("measure") as worker, start("own") as owner:  # in this order
        manager = manor.attach(NAME, timeout=30)
        words = manager.Queue(name="words")
        for word in ("ada", "babbage", None):
            words.put(word)
        assert worker.wait(30) == 0
        lengths = dict(manager.dict(name="lengths"))
        print(lengths, [info.name for info in manor.ls() if info.alive and info.name == NAME])
        assert lengths == {"ada": 3, "babbage": 7}
        owner.communicate("")


if __name__ == "__main__":
    {"own": own, "measure": measure, "": main}[sys.argv[1] if len(sys.argv) > 1 else ""]()
