"""Reads the event files of runs with TensorBoard's own code, and compares every number with the run's history.

    python tests/runs/event_files.py RUNS

RUNS is a folder of runs. Needs tensorboard and numpy.
"""

import csv
import sys
from pathlib import Path

import numpy
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def check(run: Path) -> int:
    """Compares one run; gives how many numbers were compared."""
    events = EventAccumulator(str(run), size_guidance={"scalars": 0})
    events.Reload()
    with open(run / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name != "epoch"]
    assert sorted(events.Tags()["scalars"]) == sorted(names), run
    compared = 0
    for name in names:
        told = {int(row["epoch"]): float(row[name]) for row in rows if row[name]}
        read = {event.step: event.value for event in events.Scalars(name)}
        assert told.keys() == read.keys(), (run, name)
        for step, value in told.items():
            assert numpy.float32(value) == numpy.float32(read[step]) or value != value, (run, name, step)
            compared += 1
    return compared


def main() -> None:
    runs = sorted(path.parent for path in Path(sys.argv[1]).glob("*/history.csv"))
    assert runs, "there are no runs"
    numbers = sum(check(run) for run in runs)
    print(f"TensorBoard reads {len(runs)} runs: {numbers} numbers as their histories have them")


if __name__ == "__main__":
    main()
