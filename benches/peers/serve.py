"""A peer as a process that lives as long as the bench: one JSON request per line in, one answer per line out.

    serve.py NAME THREADS      NAME is numpy, torch or jax

    {"prepare": FUNCTION, "arguments": {...}}   reads the data, compiles, tunes -> {"job": n, "note": "what was tuned"}
    {"time": n, "repetitions": r}               -> {"seconds": per call, "bytes": peak of its first call above the rest}
    {"result": n, "path": PATH}                 what its last call gave, as .npy in row order          -> {}
    {"drop": n}                                                                                        -> {}

A failure is {"error": text}; a package that is not there is {"absent": text}, once, instead of {"versions": ...}.
"""

import ctypes
import gc
import importlib
import json
import os
import sys
import time

name, threads = sys.argv[1], int(sys.argv[2])
# Before any import: BLAS libraries and XLA read the machine once.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(threads)
if hasattr(os, "sched_setaffinity"):
    # XLA has no other way to be told its number of threads. The last processors: the first serve interrupts.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])

answers = sys.stdout
sys.stdout = sys.stderr


def answer(**fields):
    answers.write(json.dumps(fields) + "\n")
    answers.flush()


def resident(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field))


class Prepared:
    """A call, what it gave last, and the most memory it took."""

    def __init__(self, call):
        self.call, self.last, self.peak = call, None, None

    def time(self, repetitions):
        if self.peak is None:
            # Freed memory that the heap keeps would hide what the call needs.
            gc.collect()
            ctypes.CDLL(None).malloc_trim(0)
            with open("/proc/self/clear_refs", "w") as reset:
                reset.write("5")
            before = resident("VmRSS")
        self.last = None
        begin = time.perf_counter()
        for _ in range(repetitions):
            self.last = self.call()
        seconds = (time.perf_counter() - begin) / repetitions
        if self.peak is None:
            self.peak = max(0, resident("VmHWM") - before)
        return seconds

    def result(self):
        whole = getattr(self.call, "result", None)
        return whole() if whole else self.last


def serve(jobs):
    import numpy as np

    prepared = []
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "prepare" in request:
                call, note = getattr(jobs, request["prepare"])(**request["arguments"])
                prepared.append(Prepared(call))
                answer(job=len(prepared) - 1, note=note)
            elif "time" in request:
                job = prepared[request["time"]]
                seconds = job.time(request["repetitions"])
                answer(seconds=seconds, bytes=job.peak)
            elif "result" in request:
                result = prepared[request["result"]].result()
                np.save(request["path"], np.ascontiguousarray(np.asarray(result, dtype=np.float64)))
                answer()
            elif "drop" in request:
                prepared[request["drop"]] = call = None
                answer()
            else:
                answer(error=f"not understood: {line.strip()}")
        except Exception as e:  # whatever a library throws is the bench's to report
            answer(error=f"{type(e).__name__}: {e}")


try:
    module = importlib.import_module(f"{name}_jobs")
except ImportError as e:
    answer(absent=str(e))
else:
    answer(versions=module.versions(threads))
    serve(module)
