"""Reads the event files of runs with TensorBoard's own code, compares every number with the run's history, and looks at
the pictures and into the sounds.

    python tests/runs/event_files.py RUNS

RUNS is a folder of runs. Needs tensorboard and numpy.
"""

import csv
import io
import struct
import sys
import wave
from pathlib import Path

import numpy
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def check(run: Path) -> tuple[int, int, int]:
    """Compares one run; gives how many numbers were compared, and how many pictures and sounds there are."""
    events = EventAccumulator(str(run), size_guidance={"scalars": 0, "images": 0, "audio": 0})
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
    pictures = 0
    for name in events.Tags()["images"]:
        (event,) = events.Images(name)
        file = event.encoded_image_string
        # A PNG file says its size behind its signature and the head of its first chunk.
        assert file[:8] == b"\x89PNG\r\n\x1a\n" and event.step == 0, (run, name)
        assert struct.unpack(">II", file[16:24]) == (event.width, event.height), (run, name)
        pictures += 1
    sounds, heard = 0, 0
    for name in events.Tags()["audio"]:
        (event,) = events.Audio(name)
        assert event.content_type == "audio/wav" and event.step == 0, (run, name)
        with wave.open(io.BytesIO(event.encoded_audio_string)) as file:
            assert file.getframerate() == event.sample_rate, (run, name)
            assert file.getnframes() == event.length_frames > 0, (run, name)
            samples = numpy.frombuffer(file.readframes(file.getnframes()), "<i2")
        sounds += 1
        # A part of a recording may be silence.
        heard += samples.any()
    assert heard > sounds / 2 or not sounds, (run, "is silent")
    return compared, pictures, sounds


def main() -> None:
    runs = sorted(path.parent for path in Path(sys.argv[1]).glob("*/history.csv"))
    assert runs, "there are no runs"
    numbers, pictures, sounds = map(sum, zip(*map(check, runs)))
    assert pictures and sounds, "no run shows what its encoder saw"
    print(f"TensorBoard reads {len(runs)} runs: {numbers} numbers as their histories have them, {pictures} pictures, {sounds} sounds")


if __name__ == "__main__":
    main()
