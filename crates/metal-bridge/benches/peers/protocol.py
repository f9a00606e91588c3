"""The side of a peer in a conversation with the benchmark.

The benchmark writes one request on each line of standard input, and reads one line of answer:

    prepare WORK THREADS   make the data, run the work once and check its result   ok | ok NUMBERS | error REASON
    round SECONDS          run the work again and again for about so long          the seconds of each run
"""

import pathlib
import sys
import time

import numpy


def serve(version, works):
    """Answers requests until there are no more.

    `works` maps names to functions that take a number of threads and return a pair: what runs the work once and
    waits for its end, and what gives either the largest error of the result, relative to the error that is tolerated,
    or an array of numbers of the result, which the benchmark compares with its own.
    """
    print(version, flush=True)
    run = None
    for line in sys.stdin:
        request, *arguments = line.split()
        try:
            if request == "prepare":
                # What was made for the work before is let go first.
                run = outcome = None
                run, outcome = works[arguments[0]](int(arguments[1]))
                run()
                result = outcome()
                if numpy.ndim(result):
                    answer = " ".join(["ok", *map(repr, result.tolist())])
                else:
                    answer = "ok" if result <= 1 else f"error wrong result: {result} times the tolerance"
            elif request == "round":
                answer = " ".join(map(repr, times(run, float(arguments[0]))))
            else:
                answer = f"error unknown request {request}"
        except Exception as problem:
            answer = "error " + " ".join(f"{type(problem).__name__}: {problem}".split())
        print(answer, flush=True)


def times(run, seconds):
    """The seconds that each of as many runs took as fit into so much time, of one at least."""

    def once():
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    # The first run finds caches and threads cold. It counts only where it is so long that this is nothing.
    first = once()
    if first > seconds:
        return [first]
    taken = []
    end = time.perf_counter() + seconds
    while not taken or time.perf_counter() < end:
        taken.append(once())
    return taken


def peak_memory(make, count):
    """Prints the most bytes of resident memory before a step is made and after it has run so many times."""
    before = peak_bytes()
    step = make()
    for _ in range(count):
        step()
    print(before, peak_bytes())


def peak_bytes():
    status = pathlib.Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))
