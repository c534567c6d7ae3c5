"""``python -m benchmarks``; servers that are spawned import this file: it imports nothing that they would wait for."""

if __name__ == "__main__":
    import sys

    from benchmarks.running import main

    sys.exit(main())
