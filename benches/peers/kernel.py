"""The Jupyter kernel beside ipykernel, in one run.

    python -m venv v && v/bin/pip install jupyter_client ipykernel
    auricle kernel install --prefix v && v/bin/python benches/peers/kernel.py
"""

import statistics
import time

import psutil
from jupyter_client.manager import KernelManager

LINES = 100_000
CODE = {
    "auricle": {"one": "1 + 1", "word": "time_m", "loop": "loop { }", "print": f"for i in 0..{LINES} {{ print(i) }}"},
    "python3": {"one": "1 + 1", "word": "pri", "loop": "while True: pass", "print": f"for i in range({LINES}): print(i)"},
}


def timed(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def measure(name):
    code = CODE[name]
    manager = KernelManager(kernel_name=name)

    start = time.perf_counter()
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    client.kernel_info(reply=True, timeout=60)
    figures = {"start to the first answer, ms": 1e3 * (time.perf_counter() - start)}
    # Jupyter's client then listens for 200 ms whether anything else comes, which is the same for every kernel.
    client.wait_for_ready(timeout=60)
    figures["start to wait_for_ready, ms"] = 1e3 * (time.perf_counter() - start)
    figures["memory at rest, MiB"] = psutil.Process(manager.provisioner.process.pid).memory_info().rss / 2**20
    run = lambda text, hook=lambda m: None: client.execute_interactive(text, timeout=120, output_hook=hook)
    run(code["one"])
    figures["1 + 1, median of 100, ms"] = 1e3 * statistics.median(timed(lambda: run(code["one"])) for _ in range(100))
    client.complete(code["word"], reply=True, timeout=30)
    complete = lambda: client.complete(code["word"], reply=True, timeout=30)
    figures["completion, median of 20, ms"] = 1e3 * statistics.median(timed(complete) for _ in range(20))
    text = []
    hook = lambda m: text.append(m["content"]["text"]) if m["msg_type"] == "stream" else None
    figures[f"{LINES} lines, s"] = timed(lambda: run(code["print"], hook))
    figures["of them received"] = "".join(text).count("\n")

    def interrupt():
        manager.interrupt_kernel()
        client.get_shell_msg(timeout=30)

    client.execute(code["loop"])
    time.sleep(0.5)
    figures["interrupt to reply, ms"] = 1e3 * timed(interrupt)
    figures["shutdown, ms"] = 1e3 * timed(lambda: manager.shutdown_kernel())
    return figures


rows = {name: measure(name) for name in CODE}
print(f"{'':34}" + "".join(f"{name:>12}" for name in rows))
for figure in next(iter(rows.values())):
    print(f"{figure:34}" + "".join(f"{rows[name][figure]:12.1f}" for name in rows))
