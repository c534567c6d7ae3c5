"""`manor.install()`: who says multiprocessing gets manor, here and in children; `uninstall()` undoes it."""

from pathlib import Path

import pytest

from tests.conformance.programs import output_of_script

METHODS = pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])


def test_every_way_to_a_manager_gives_ours(tmp_path: Path) -> None:
    program = """
        from multiprocessing import Manager as before, get_context
        import manor
        manor.install()
        import multiprocessing, multiprocessing.managers, sys
        from multiprocessing.managers import BaseManager, SyncManager, DictProxy
        from multiprocessing import managers
        assert multiprocessing.managers is managers is sys.modules["multiprocessing.managers"] is manor.managers
        assert SyncManager is manor.managers.SyncManager
        if __name__ == "__main__":
            for method in ("fork", "spawn", "forkserver"):
                with get_context(method).Manager() as manager:
                    assert type(manager) is SyncManager, manager
                    assert manager._ctx.get_start_method() == method
                    assert isinstance(manager.dict(a=1), DictProxy)
            for make in (before, multiprocessing.Manager):
                with make() as manager:
                    assert type(manager) is SyncManager, manager
            manor.install()  # again does nothing
            print("done")
    """
    assert output_of_script(tmp_path, program) == "done"


@METHODS
def test_children_and_their_children_get_it_too(tmp_path: Path, method: str) -> None:
    program = """
        import multiprocessing

        def tell(pipe, depth):
            from multiprocessing.managers import BaseManager
            pipe.send(multiprocessing.Manager.__self__.Manager().__class__.__module__)
            pipe.send(BaseManager.__module__)
            if depth:
                child = multiprocessing.Process(target=tell, args=(pipe, depth - 1))
                child.start()
                child.join()

        if __name__ == "__main__":
            import manor
            manor.install()
            context = multiprocessing.get_context("METHOD")
            multiprocessing.set_start_method("METHOD")
            here, there = context.Pipe()
            child = context.Process(target=tell, args=(there, 1))
            child.start()
            print([here.recv() for _ in range(4)])
            child.join()
    """
    expected = ["manor.managers.sync", "manor.managers.base"] * 2
    assert output_of_script(tmp_path, program.replace("METHOD", method)) == str(expected)


def test_workers_of_loky_and_their_workers_get_it_too(tmp_path: Path) -> None:
    program = """
        import loky
        import multiprocessing

        def kind(depth):
            if depth:
                with loky.ProcessPoolExecutor(1) as workers:
                    return workers.submit(kind, depth - 1).result()
            from multiprocessing.managers import BaseManager
            with multiprocessing.Manager() as manager:
                return BaseManager.__module__, type(manager).__module__

        if __name__ == "__main__":
            import manor
            manor.install()
            late = loky.ProcessPoolExecutor(1)
            print([kind(depth) for depth in (1, 2)])
            manor.uninstall()
            print(kind(1), late.submit(kind, 0).result())
            late.shutdown()
    """
    ours = ("manor.managers.base", "manor.managers.sync")
    standard = ("multiprocessing.managers", "multiprocessing.managers")
    assert output_of_script(tmp_path, program) == f"{[ours, ours]}\n{standard} {standard}"


def test_a_main_module_of_children_sees_it_while_it_is_imported(tmp_path: Path) -> None:
    program = """
        import multiprocessing
        from multiprocessing import managers
        if __name__ == "__main__":
            import sys
            del sys.modules["multiprocessing.managers"], multiprocessing.managers
            import manor
            manor.install()
            from multiprocessing import managers

        class Mine(managers.BaseManager):
            pass

        def base():
            return Mine.__mro__[1].__module__

        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.apply(base))
                pool.close()
                pool.join()
    """
    assert output_of_script(tmp_path, program) == "manor.managers.base"


def test_uninstall_gives_everything_back(tmp_path: Path) -> None:
    program = """
        import multiprocessing, sys
        from multiprocessing import spawn
        import manor

        def kind():
            with multiprocessing.Manager() as manager:
                return type(manager).__module__

        def kind_in_child():
            from multiprocessing.managers import SyncManager
            return SyncManager.__module__

        if __name__ == "__main__":
            prepare = spawn.get_preparation_data
            manor.uninstall()  # does nothing
            for _ in range(2):
                manor.install()
                assert kind() == "manor.managers.sync"
                manor.uninstall()
                assert "multiprocessing.managers" not in sys.modules
                assert not hasattr(multiprocessing, "managers")
                assert spawn.get_preparation_data is prepare
            import multiprocessing.managers as standard
            assert kind() == "multiprocessing.managers"
            manor.install()
            assert kind() == "manor.managers.sync"
            manor.uninstall()
            assert multiprocessing.managers is standard is sys.modules["multiprocessing.managers"]
            assert standard.SyncManager.__module__ == "multiprocessing.managers"
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(kind(), pool.apply(kind_in_child))
                pool.close()
                pool.join()
    """
    assert output_of_script(tmp_path, program) == "multiprocessing.managers multiprocessing.managers"


@METHODS
def test_managers_of_the_standard_library_that_were_there_before_go_on(tmp_path: Path, method: str) -> None:
    program = """
        import multiprocessing
        from multiprocessing.managers import SyncManager

        def change(items, other):
            items.append(type(items).__module__)
            other.append(type(other).__module__.split(".")[0])

        if __name__ == "__main__":
            import manor
            context = multiprocessing.get_context("METHOD")
            with SyncManager(ctx=context) as early:
                items = early.list()
                manor.install()
                with SyncManager(ctx=context) as late, context.Manager() as ours:
                    for manager in (early, late):
                        items, other = manager.list(), ours.list()
                        child = context.Process(target=change, args=(items, other))
                        child.start()
                        child.join()
                        print(items[:], other[:])
    """
    line = "['manor.managers.replaced'] ['manor']"
    assert output_of_script(tmp_path, program.replace("METHOD", method)) == f"{line}\n{line}"


def test_subclasses_made_before_are_warned_about_and_go_on(tmp_path: Path) -> None:
    program = """
        import warnings
        from multiprocessing.managers import BaseManager, BaseProxy

        class Early(BaseManager):
            pass

        class EarlyProxy(BaseProxy):
            pass

        class Earlier(Early):
            pass

        Early.register("list", list)

        if __name__ == "__main__":
            import manor
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                manor.install()
            [warning] = seen
            assert warning.category is manor.ManorWarning
            assert warning.filename == __file__
            assert "__main__.Earlier, __main__.Early" in str(warning.message) or (
                "__main__.Earlier" in str(warning.message) and "__main__.EarlyProxy" in str(warning.message))
            assert "install earlier" in str(warning.message)
            with Early() as manager:
                print(manager.list([1]))
    """
    assert output_of_script(tmp_path, program) == "[1]"


def test_nothing_is_said_where_nobody_has_made_any(tmp_path: Path) -> None:
    program = "import multiprocessing.managers, manor; manor.install(); print('silent')"
    assert output_of_script(tmp_path, program) == "silent"


# Libraries


@METHODS
def test_mpire_collects_its_figures_by_our_manager(tmp_path: Path, method: str) -> None:
    program = """
        import manor
        manor.install()
        from mpire import WorkerPool

        def double(number):
            return 2 * number

        if __name__ == "__main__":
            with WorkerPool(n_jobs=2, start_method="METHOD", enable_insights=True) as pool:
                print(pool.map(double, range(10)))
                manager = pool._worker_insights.insights_manager.manager
                print(type(manager).__module__)
                figures = pool.get_insights()
                print(sum(figures["n_completed_tasks"]), len(figures["top_5_max_task_args"]) > 0)
    """
    assert output_of_script(tmp_path, program.replace("METHOD", method)).splitlines() == [
        str([2 * number for number in range(10)]), "manor.managers.sync", "10 True",
    ]  # fmt: skip


@METHODS
def test_mpire_draws_its_progress_by_our_manager(tmp_path: Path, method: str) -> None:
    program = """
        import io, sys
        import manor
        manor.install()
        from mpire import WorkerPool
        from mpire.tqdm_utils import TqdmManager

        def double(number):
            return 2 * number

        if __name__ == "__main__":
            drawn = io.StringIO()
            with WorkerPool(n_jobs=2, start_method="METHOD") as pool:
                print(pool.map(double, range(10), progress_bar=True, progress_bar_options={"file": drawn}))
            assert "10/10" in drawn.getvalue(), drawn.getvalue()
    """
    assert output_of_script(tmp_path, program.replace("METHOD", method)) == str([2 * number for number in range(10)])


@METHODS
def test_aiomultiprocess_returns_results_by_our_manager(tmp_path: Path, method: str) -> None:
    program = """
        import manor
        manor.install()
        import asyncio
        import aiomultiprocess
        from aiomultiprocess import core

        async def double(number):
            return 2 * number

        async def main():
            aiomultiprocess.set_start_method("METHOD")
            result = await aiomultiprocess.Worker(target=double, args=(21,))
            async with aiomultiprocess.Pool(processes=1) as pool:
                print(result, await pool.map(double, [1, 2, 3]), type(core.get_manager()).__module__)

        if __name__ == "__main__":
            asyncio.run(main())
    """
    expected = "42 [2, 4, 6] manor.managers.sync"
    assert output_of_script(tmp_path, program.replace("METHOD", method)) == expected
