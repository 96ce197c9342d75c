"""What one call takes: milliseconds of the clock and of the processor, and memory."""

import gc
import math
import statistics
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

WARM_UP = 50


def milliseconds(call: Callable[[], object], repeats: int, warm_up: int = WARM_UP) -> dict[str, float]:
    """Median, 95th and 99th percentile of one call, and the processor's time of all of them on average."""
    for _ in range(min(warm_up, repeats)):
        call()
    taken = []
    worked = time.process_time()
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        taken.append((time.perf_counter() - started) * 1000)
    cpu = (time.process_time() - worked) * 1000 / repeats
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    return {"p50_ms": statistics.median(taken), "p95_ms": cuts[94], "p99_ms": cuts[98], "cpu_ms": cpu}


def allocated_kb(call: Callable[[], object]) -> float:
    """The most memory that one warm call holds at once beyond what was held before."""
    call()
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        call()
        return (tracemalloc.get_traced_memory()[1] - before) / 1024
    finally:
        tracemalloc.stop()


def peak_rss_mb() -> float:
    """Of this process since it started; getrusage would name that of the parent, if it is larger."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


@contextmanager
def peak_of_all_mb(every_seconds: float = 0.5) -> Iterator[Callable[[], float]]:
    """Calling what is yielded tells the most that this process and those it started held together, as looked at."""
    ours, done, peak = psutil.Process(), threading.Event(), 0.0

    def look() -> None:
        nonlocal peak
        while not done.wait(every_seconds):
            with suppress(psutil.NoSuchProcess):  # it has just ended
                peak = max(peak, sum(p.memory_info().rss for p in (ours, *ours.children(recursive=True))) / 2**20)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield lambda: peak
    finally:
        done.set()
        looking.join()


def growth(sizes: list[float], costs: list[float]) -> float:
    """The exponent b of cost ~ size^b, fitted by least squares on the logarithms: 1 is linear."""
    return statistics.linear_regression(*([math.log(x) for x in values] for values in (sizes, costs))).slope
