"""Classes of `__main__`: which of several programs' it is, and what a class that travels by value uses of it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

METHODS = pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])


def output_of(folder: Path, *arguments: str, given: str | None = None) -> list[str]:
    run = subprocess.run(
        [sys.executable, *arguments], cwd=folder, input=given, capture_output=True, text=True, timeout=100, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


LOCAL = """
import multiprocessing, sys
import manor

times = [0]

class Helper:
    def __init__(self, x):
        self.x = x

def count():
    times[0] += 1
    return times[0]

class Top:
    def count(self):
        return count()

def main():
    class Local:
        def make(self):
            return Helper(3)
        def knows(self, helper):
            return isinstance(helper, Helper)
        def count(self):
            return count()
    with manor.Manager(ctx=multiprocessing.get_context(sys.argv[1])) as manager:
        local, top = manager.create(Local), manager.create(Top)
        print(type(local.make()) is Helper, local.knows(Helper(1)), local.count(), top.count())
        print(manager.create(lambda: Helper(5)).x)

if __name__ == "__main__":
    main()
"""


@METHODS
def test_what_a_local_class_uses_of_the_script_is_the_servers_own(method: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(LOCAL)
    assert output_of(tmp_path, "script.py", method) == ["True True 1 2", "5"]


@METHODS
def test_a_program_in_an_archive_hosts_its_classes(method: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "program.pyz", "w") as archive:
        archive.writestr("__main__.py", LOCAL)
    first, last = output_of(tmp_path, "program.pyz", method)
    assert first.startswith("True True")
    assert last == "5"
    assert method != "fork" or first.endswith("1 2"), "by its name"


SESSION = """
import manor
manager = manor.Manager()
class Helper:
    def __init__(self, x): self.x = x

class Maker:
    def make(self): return Helper(3)
    def knows(self, helper): return isinstance(helper, Helper)

maker = manager.create(Maker)
print(type(maker.make()) is Helper, maker.make().x, maker.knows(Helper(1)))
class Helper:
    def __init__(self, x): self.x = 100 * x

class Again(Maker):
    def make(self): return Helper(4)

print(manager.create(Again).make().x)
manager.shutdown()
"""


@pytest.mark.parametrize("way", [(), ("-i",), ("-c", SESSION)], ids=["input", "session", "command line"])
def test_in_a_session_the_classes_that_a_class_uses_come_with_it(way: tuple[str, ...], tmp_path: Path) -> None:
    said = output_of(tmp_path, *way, given=None if "-c" in way else SESSION)
    assert said == ["True 3 True", "400"]


UNSEEN = """
import multiprocessing, sys
import manor

manager = manor.Manager(ctx=multiprocessing.get_context(sys.argv[1]))

class Unseen: pass

class Echo:
    def echo(self, value): return value

with manager:
    try:
        manager.create(Echo).echo(Unseen())
    except AttributeError as error:
        print(error, *error.__notes__)

"""


@METHODS
def test_an_argument_whose_class_the_server_has_not_got_says_so(method: str, tmp_path: Path) -> None:
    [said] = output_of(tmp_path, "-c", UNSEEN, method)
    assert "An argument needs Unseen of __main__, which the manager's server has not got" in said
    assert "what create() sends by value brings what it uses" in said


ONE = """
import subprocess, sys
import manor

class Worker:
    def who(self):
        return "one"

if __name__ == "__main__":
    with manor.Manager(name=f"two-programs-{sys.argv[1]}") as manager:
        manager.options(name="worker").create(Worker)
        subprocess.run([sys.executable, "two.py", *sys.argv[1:]], check=True)
"""
TWO = """
import sys
import manor

class Worker:
    def work(self):
        return "two"

if __name__ == "__main__":
    manager = manor.attach(f"two-programs-{sys.argv[1]}")
    print(manager.create(Worker).work())
    theirs = manager.get("worker")
    print(theirs.who(), isinstance(theirs, Worker), hasattr(theirs, "work"))
    try:
        manager.options(name="worker").create(Worker)
    except manor.NameInUse:
        print("in use")
"""


def test_a_class_of_the_same_name_of_another_program_is_another_one(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(ONE)
    (tmp_path / "two.py").write_text(TWO)
    assert output_of(tmp_path, "one.py", tmp_path.name) == ["two", "one False False", "in use"]


NAMED = """
import multiprocessing, sys
import manor

class Worker:
    def __init__(self):
        self.times = 0
    def work(self):
        self.times += 1
        return self.times
    def another(self):
        return Worker()

def use(manager):
    worker = manager.options(name="worker").create(Worker)
    print(worker.work(), isinstance(manager.get("worker"), Worker), type(worker.another()) is Worker, flush=True)

def child(address, key):
    manager = manor.managers.SyncManager(address, key)
    manager.connect()
    use(manager)

if __name__ == "__main__":
    with manor.Manager(ctx=multiprocessing.get_context(sys.argv[1])) as manager:
        use(manager)
        for method in ("fork", "spawn"):
            args = manager.address, bytes(manager._authkey)
            process = multiprocessing.get_context(method).Process(target=child, args=args)
            process.start()
            process.join()
"""


@METHODS
def test_all_processes_of_a_program_mean_the_same_class(method: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(NAMED)
    assert output_of(tmp_path, "script.py", method) == ["1 True True", "2 True True", "3 True True"]
