"""The side of a peer in a conversation with the benchmark.

The benchmark writes one request on each line of standard input, and reads one line of answer:

    prepare WORK THREADS   make the data, run the work once and check its result   ok | error REASON
    round SECONDS          run the work again and again for about so long          the seconds of each run
"""

import sys
import time


def serve(version, works):
    """Answers requests until there are no more.

    `works` maps names to functions that take a number of threads and return a pair: what runs the work once and
    waits for its end, and what gives the largest error of the result, relative to the error that is tolerated.
    """
    print(version, flush=True)
    run = None
    for line in sys.stdin:
        request, *arguments = line.split()
        try:
            if request == "prepare":
                # What was made for the work before is let go first.
                run = error = None
                run, error = works[arguments[0]](int(arguments[1]))
                run()
                excess = float(error())
                answer = "ok" if excess <= 1 else f"error wrong result: {excess} times the tolerance"
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
