"""Synthesizers in SynthAX (JAX), torchsynth (PyTorch) and here: seconds of sound a second, and the time to the first sound.

Every side renders new patches each round, drawn uniformly in raw units; SynthAX is measured after its compilation, a round
waits for its samples, and nothing is written. A row is one architecture, batch and length; the ratio is ours to the faster
peer. `first` is from the start of a process to the first samples of a batch of one.

The peers live in environments of their own:

    python -m venv a && a/bin/pip install synthax==0.2.2 "jax[cpu]" "numpy<2.3"
    python -m venv t && t/bin/pip install torchsynth==1.0.2 "pytorch-lightning==1.8.6" "setuptools<81" torch==2.6.0 --extra-index-url https://download.pytorch.org/whl/cpu
    cargo build --release --workspace --example throughput
    python benches/peers/synth.py --synthax a/bin/python --torchsynth t/bin/python [--threads 1] [--quick]
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
OURS = ROOT / "target/release/examples/throughput"
ARCHITECTURES = ["voice", "voice_fm", "parametric_synth"]
RATE, CONTROL_RATE = 44100, 441
MEASURE_S = 3.0


def measured(render, batch, seconds, measure_s):
    """Rounds until the time is over; a time of 0 is one round."""
    begin, rounds = time.perf_counter(), 0
    while rounds == 0 or time.perf_counter() - begin < measure_s:
        render(rounds)
        rounds += 1
    return rounds * batch * seconds / (time.perf_counter() - begin)


def synthax_render(architecture, batch, seconds):
    import jax
    from synthax.config import SynthConfig
    from synthax.synth import ParametricSynth, Voice

    config = SynthConfig(batch_size=batch, sample_rate=RATE, control_rate=CONTROL_RATE, buffer_size_seconds=seconds)
    key = jax.random.PRNGKey(0)
    if architecture == "voice":
        synth = Voice(config=config)
    elif architecture == "voice_fm":
        from synthax.synth import VoiceExpanded

        synth = VoiceExpanded(config=config)
    else:
        synth = ParametricSynth(config=config, sine=1, square_saw=1, fm_sine=1, fm_square_saw=0)
    params = jax.jit(synth.init)(key)
    leaves, tree = jax.tree_util.tree_flatten(params)

    @jax.jit
    def draw_and_render(key):
        keys = jax.random.split(key, len(leaves))
        drawn = [jax.random.uniform(k, leaf.shape) for k, leaf in zip(keys, leaves)]
        return synth.apply(jax.tree_util.tree_unflatten(tree, drawn))

    def render(round_index):
        draw_and_render(jax.random.fold_in(key, round_index)).block_until_ready()

    return render


def torchsynth_render(architecture, batch, seconds):
    import torch
    from torchsynth.config import SynthConfig
    from torchsynth.synth import Voice

    if architecture != "voice":
        return None
    if threads := os.environ.get("PEER_THREADS"):
        torch.set_num_threads(int(threads))
    config = SynthConfig(batch_size=batch, sample_rate=RATE, control_rate=CONTROL_RATE, buffer_size_seconds=seconds, reproducible=False)
    synth = Voice(synthconfig=config)

    def render(_):
        with torch.no_grad():
            synth.randomize()
            synth.output()

    return render


def peer(library, architecture, batch, seconds, measure_s):
    """One measurement, in the process of the peer's own Python."""
    make = {"synthax": synthax_render, "torchsynth": torchsynth_render}[library]
    render = make(architecture, batch, seconds)
    if render is None:
        return
    if measure_s > 0:
        render(0)
    print(json.dumps({"seconds_of_sound_per_second": measured(render, batch, seconds, measure_s)}))


def run(command, env):
    """What a process prints as JSON, and how long it took; nothing for a peer that has no such architecture."""
    begin = time.perf_counter()
    out = subprocess.run(command, capture_output=True, text=True, env=env)
    elapsed_s = time.perf_counter() - begin
    if out.returncode != 0:
        print(" ".join(map(str, command)), out.stderr[-2000:], file=sys.stderr)
        return None, elapsed_s
    lines = [line for line in out.stdout.splitlines() if line.startswith("{")]
    return (json.loads(lines[-1])["seconds_of_sound_per_second"] if lines else None), elapsed_s


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--synthax", help="the Python that has SynthAX")
    parser.add_argument("--torchsynth", help="the Python that has torchsynth")
    parser.add_argument("--ours", default=OURS, help="the built example `throughput`")
    parser.add_argument("--threads", type=int, default=0, help="threads of every side; 0: as many as each takes")
    parser.add_argument("--quick", action="store_true", help="batch 64 of 4 s alone")
    parser.add_argument("--peer", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peer:
        library, architecture, batch, seconds, measure_s = given.peer
        peer(library, architecture, int(batch), float(seconds), float(measure_s))
        return

    env = dict(os.environ)
    if given.threads:
        n = str(given.threads)
        env |= {"RAYON_NUM_THREADS": n, "OMP_NUM_THREADS": n, "MKL_NUM_THREADS": n, "PEER_THREADS": n}
        # XLA has no number of threads to be told: what is not its share of the processors is taken from it.
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.threads])

    def side(library, architecture, batch, seconds, measure_s):
        if library == "auricle":
            return [given.ours, architecture, batch, seconds, measure_s]
        python = getattr(given, library)
        return python and [python, __file__, "--peer", library, architecture, batch, seconds, measure_s]

    def speed(library, architecture, batch, seconds, measure_s=MEASURE_S):
        command = side(library, architecture, batch, seconds, measure_s)
        return run([str(part) for part in command], env) if command else (None, None)

    libraries = ["synthax", "torchsynth", "auricle"]
    shapes = [(64, 4.0)] if given.quick else [(b, s) for s in (1.0, 4.0) for b in (1, 16, 64, 128)]
    print("| architecture | batch | seconds | SynthAX | torchsynth | ours | ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    text = lambda x: "-" if x is None else f"{x:,.0f}"
    for architecture in ARCHITECTURES:
        for batch, seconds in shapes:
            speeds = [speed(library, architecture, batch, seconds)[0] for library in libraries]
            peers = [x for x in speeds[:2] if x]
            ratio = f"{speeds[2] / max(peers):.1f}" if peers and speeds[2] else "-"
            cells = [architecture, batch, f"{seconds:g}", *map(text, speeds), ratio]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    print("\n| first sound | SynthAX | torchsynth | ours |\n| --- | --- | --- | --- |")
    for architecture in ARCHITECTURES:
        # The second of two, as files that a process reads are then at hand.
        times = []
        for library in libraries:
            results = [speed(library, architecture, 1, 4.0, 0) for _ in range(2)]
            times.append(results[-1][1] if results[-1][0] else None)
        print(f"| {architecture} | " + " | ".join("-" if t is None else f"{t:.3f} s" for t in times) + " |", flush=True)


if __name__ == "__main__":
    main()
