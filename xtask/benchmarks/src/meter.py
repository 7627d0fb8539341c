"""Runs processes and measures each: one JSON document per line in, one out.

Python, because the workspace forbids unsafe code, and only wait4 gives the exact CPU time and the
peak memory of one child. The peak is never below this interpreter's own, about 10 MiB: the system
counts the memory that the child had before it started its program.
"""

import json
import os
import sys
import time


def run(process):
    with open(process["output"], "wb") as output:
        start = time.perf_counter()
        child = os.fork()
        if child == 0:
            try:
                os.chdir(process["folder"])
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                os.execvpe(process["command"][0], process["command"], process["variables"])
            except OSError as error:
                os.write(2, f"{process['command'][0]}: {error}\n".encode())
            os._exit(127)
        _, status, usage = os.wait4(child, 0)
        wall = time.perf_counter() - start
    return {
        "code": os.waitstatus_to_exitcode(status),
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak_mib": usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024),
    }


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
