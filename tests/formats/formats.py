"""Files of every kind, written by other programs, read here and compared with what other decoders make of them; and files
written here, read by other decoders.

    python tests/formats/formats.py path/to/auricle

Wants numpy and soundfile, and as many of ffmpeg, sox, lame, twolame, flac, opusenc and oggenc as there are: what a missing one
would write is skipped, by name. Lossless kinds must agree exactly, lossy ones within 1e-4 of full scale, and all in length.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

PROGRAM = Path(sys.argv[1]).resolve()
RATE = 44_100
WORK = Path(tempfile.mkdtemp(prefix="formats-"))

# Kind: name of the file, the command that makes it ({i} stereo, {m} mono, {o} the file), and what it must agree with:
# "exact", "close" (1e-4), or the words of its refusal.
FFMPEG = "ffmpeg -v error -y -i {i} %s {o}"
MONO = "ffmpeg -v error -y -i {m} %s {o}"
MADE = {
    "WAV": [
        (f"{codec}.wav", FFMPEG % f"-c:a {codec}", "exact")
        for codec in "pcm_u8 pcm_s16le pcm_s24le pcm_s32le pcm_f32le pcm_f64le pcm_alaw pcm_mulaw".split()
    ]
    + [
        ("rf64.wav", FFMPEG % "-rf64 always -c:a pcm_s16le", "exact"),
        ("piped.wav", "ffmpeg -v error -i {i} -c:a pcm_s16le -f wav - > {o}", "exact"),
        ("sox_piped.wav", "sox {i} -t wav - > {o}", "exact"),
        ("rifx.wav", "sox {i} -B -b 16 {o}", "exact"),
        ("extensible.wav", "sox {i} -b 24 {o}", "exact"),
        ("short_mulaw.wav", "sox {i} -e mu-law {o}", "exact"),
        ("adpcm.wav", FFMPEG % "-c:a adpcm_ima_wav", "close"),
    ],
    "AIFF": [
        (f"{codec}.aiff", FFMPEG % f"-c:a {codec}", "exact")
        for codec in "pcm_s8 pcm_s16be pcm_s24be pcm_s32be pcm_f32be pcm_f64be pcm_alaw pcm_mulaw".split()
    ]
    + [("sowt.aifc", FFMPEG % "-c:a pcm_s16le -f aiff", "exact"), ("sox.aifc", "sox {i} -b 16 {o}", "exact")],
    "CAF": [
        (f"{codec}.caf", FFMPEG % f"-c:a {codec}", "exact")
        for codec in "pcm_s16le pcm_s24be pcm_s32le pcm_f32le pcm_f64be alac".split()
    ]
    + [("alaw.caf", FFMPEG % "-c:a pcm_alaw", "exact"), ("mulaw.caf", FFMPEG % "-c:a pcm_mulaw", "exact")],
    "FLAC": [
        ("fast.flac", "flac -s -0 -f -o {o} {i}", "exact"),
        ("best.flac", "flac -s -8 -e -p -f -o {o} {i}", "exact"),
        ("mono.flac", "flac -s -f -o {o} {m}", "exact"),
        ("s24.flac", FFMPEG % "-c:a flac -sample_fmt s32 -bits_per_raw_sample 24", "exact"),
        ("s32.flac", "flac -s -f --endian=little --channels=2 --bps=32 --sample-rate=44100 --sign=signed "
         "--force-raw-format -o {o} {raw}", "exact"),
        ("blocks.flac", "flac -s -f -b 192 -o {o} {i}", "exact"),
        ("behind.flac", "flac -s -f -o {o} {i} && printf 'TAG%125s' x >> {o}", "exact"),
        ("ogg.oga", "flac -s --ogg -f -o {o} {i}", "exact"),
        ("matroska.mka", FFMPEG % "-c:a flac", "exact"),
    ],
    "ALAC": [
        ("alac.m4a", FFMPEG % "-c:a alac -sample_fmt s16p", "exact"),
        ("alac24.m4a", FFMPEG % "-c:a alac -sample_fmt s32p", "exact"),
        ("alac.mov", FFMPEG % "-c:a alac -sample_fmt s16p", "exact"),
        ("alac24.mov", FFMPEG % "-c:a alac -sample_fmt s32p", "exact"),
        ("alac_mono.mov", MONO % "-c:a alac", "exact"),
        ("alac_96k.mov", FFMPEG % "-ar 96000 -c:a alac", "exact"),
    ],
    "MP3": [
        ("cbr.mp3", "lame --quiet -b 128 {i} {o}", "close"),
        ("vbr.mp3", "lame --quiet -V 4 {i} {o}", "close"),
        ("no_head.mp3", "lame --quiet -t -V 4 {i} {o}", "close"),
        ("no_head_cbr.mp3", "lame --quiet -t -b 96 {i} {o}", "close"),
        ("abr.mp3", "lame --quiet -t --abr 96 {i} {o}", "close"),
        ("mono_16k.mp3", "lame --quiet -t -m m --resample 16 -b 32 {m} {o}", "close"),
        ("mono_8k.mp3", "lame --quiet -m m --resample 8 -b 16 {m} {o}", "close"),
        ("checksums.mp3", "lame --quiet -p -b 128 {i} {o}", "close"),
        ("ffmpeg.mp3", FFMPEG % "-b:a 96k", "close"),
        ("ffmpeg_no_head.mp3", FFMPEG % "-q:a 3 -write_xing 0", "close"),
        ("tags.mp3", FFMPEG % "-write_id3v1 1 -metadata title=x -b:a 128k", "close"),
        ("zeros.mp3", "lame --quiet -t -V 4 {i} {o} && head -c 20000 /dev/zero >> {o}", "close"),
        ("ape_tag.mp3", "lame --quiet -t -V 4 {i} {o} && printf 'APETAGEX\\320\\007\\0\\0\\040\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\200"
         "\\0\\0\\0\\0\\0\\0\\0\\0' >> {o}", "close"),
        ("lyrics.mp3", "lame --quiet -t -V 4 {i} {o} && printf 'LYRICSBEGININD0000210000025LYRICS200TAG%125s' x >> {o}", "close"),
        ("from_the_middle.mp3", "lame --quiet -t -V 4 {i} {o}.all && tail -c +30000 {o}.all > {o}", "close"),
        ("cut.mp3", "lame --quiet -V 4 {i} {o}.all && head -c 30000 {o}.all > {o}", "cut short"),
        ("in_matroska.mka", FFMPEG % "-c:a libmp3lame", "close"),
    ],
    "MP2": [
        ("ffmpeg.mp2", FFMPEG % "-c:a mp2 -b:a 192k", "close"),
        ("low.mp2", MONO % "-ar 24000 -c:a mp2 -b:a 64k", "close"),
        ("twolame.mp2", "twolame --quiet {i} {o}", "close"),
    ],
    "AAC": [
        ("phone.m4a", MONO % "-ar 16000 -c:a aac", "close"),
        ("music.m4a", FFMPEG % "-c:a aac -b:a 128k", "close"),
        ("head_first.m4a", FFMPEG % "-c:a aac -movflags +faststart", "close"),
        ("pieces.mp4", FFMPEG % "-c:a aac -movflags frag_keyframe+empty_moov", "close"),
        ("quicktime.mov", FFMPEG % "-c:a aac", "close"),
        ("stream.aac", FFMPEG % "-c:a aac", "close"),
        ("stream_tag.aac", FFMPEG % "-c:a aac" + " && printf 'TAG%125s' x >> {o}", "close"),
        ("video.mp4", "ffmpeg -v error -y -f lavfi -i testsrc=d=2:s=64x64 -i {i} -c:v mpeg4 -c:a aac -shortest {o}", "close"),
        ("matroska.mkv", FFMPEG % "-c:a aac", "close"),
    ],
    "Vorbis": [
        ("oggenc.ogg", "oggenc -Q -q 4 {i} -o {o}", "close"),
        ("low.ogg", "oggenc -Q -q 1 --resample 22050 {m} -o {o}", "close"),
        ("ffmpeg.ogg", FFMPEG % "-c:a libvorbis", "close"),
        ("chained.ogg", "oggenc -Q -s 1 {i} -o {o}.a && oggenc -Q -s 2 -q 1 {i} -o {o}.b && cat {o}.a {o}.b > {o}", "close"),
        ("changing.ogg", "oggenc -Q -s 1 {i} -o {o}.a && oggenc -Q -s 2 {m} -o {o}.b && cat {o}.a {o}.b > {o}", "changes inside"),
        ("vorbis.webm", FFMPEG % "-c:a libvorbis", "close"),
    ],
    "Opus": [
        ("music.opus", "opusenc --quiet --bitrate 96 {i} {o}", "close"),
        ("mono.opus", "opusenc --quiet --bitrate 32 {m} {o}", "close"),
        ("speech.opus", "opusenc --quiet --bitrate 12 --speech {m} {o}", "close"),
        ("both.opus", "opusenc --quiet --bitrate 40 --speech {i} {o}", "close"),
        ("long_frames.opus", "opusenc --quiet --framesize 60 --bitrate 32 {i} {o}", "close"),
        ("short_frames.opus", "opusenc --quiet --framesize 5 {i} {o}", "close"),
        ("shortest_frames.opus", "opusenc --quiet --framesize 2.5 --bitrate 128 {i} {o}", "2.5 ms"),
        ("ffmpeg.ogg", FFMPEG % "-c:a libopus -b:a 64k", "close"),
        ("chained.opus", "opusenc --quiet --serial 1 {i} {o}.a && opusenc --quiet --serial 2 {i} {o}.b && cat {o}.a {o}.b > {o}", "close"),
        ("browser.webm", FFMPEG % "-c:a libopus -f webm -live 1", "close"),
        ("webm.webm", FFMPEG % "-c:a libopus", "close"),
        ("opus.mp4", FFMPEG % "-c:a libopus", "close"),
    ],
    "refused": [
        ("wavpack.wv", FFMPEG % "-c:a wavpack", "WavPack"),
        ("true_audio.tta", FFMPEG % "-c:a tta", "True Audio"),
        ("sun.au", FFMPEG % "-c:a pcm_s16be", "Sun/NeXT"),
        ("wave64.w64", FFMPEG % "-c:a pcm_s16le", "Wave64"),
        ("windows.wma", FFMPEG % "-c:a wmav2", "Windows Media"),
        ("dolby.mp4", FFMPEG % "-c:a ac3", "Dolby"),
        ("wavpack_named.mp3", FFMPEG % "-c:a wavpack -f wv", "WavPack"),
        ("document.wav", "printf '%%PDF-1.4 hello' > {o}", "PDF"),
        ("text.flac", "printf 'no sound at all' > {o}", "no sound file"),
    ],
}


def signal():
    """Two seconds in stereo that ask a lot of a codec: tones, noise that swells, clicks, silence, full scale."""
    rng = np.random.default_rng(20_309)
    n = 2 * RATE + 17
    time = np.arange(n) / RATE
    swell = np.minimum(1, time) * (np.sin(2 * np.pi * 1.5 * time) > -0.5)
    left = 0.4 * np.sin(2 * np.pi * (300 + 900 * time) * time) + 0.2 * swell * rng.standard_normal(n)
    right = 0.5 * np.sin(2 * np.pi * 440 * time) * swell + 0.05 * rng.standard_normal(n)
    left[RATE // 2 :: 5000] = 0.95
    left[-4000:-2000] = right[-4000:-2000] = 0
    # Decoders that give whole numbers clip what overshoots: far enough from full scale, none does.
    return 0.4 * np.clip(np.stack([left, right], 1), -1, 1)


def reference(path, kind):
    """What other decoders make of a file: libsndfile's samples for plain kinds, ffmpeg's for all others."""
    if path.name == "FLAC_s32.flac":
        subprocess.run(["flac", "-s", "-d", "-f", "-o", f"{path}.wav", path], check=True)
        return soundfile.read(f"{path}.wav", dtype="float32", always_2d=True)
    # libsndfile rounds ADPCM in its own way.
    if kind in ("WAV", "AIFF") and "adpcm" not in path.name or path.suffix in (".caf", ".flac") and "alac" not in path.name:
        try:
            return soundfile.read(path, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            pass
    probe = "ffprobe -v error -select_streams a:0 -show_entries stream=sample_rate,channels,codec_name -of json".split()
    stream = json.loads(subprocess.run([*probe, path], capture_output=True, check=True).stdout)["streams"][0]
    # ffmpeg's own decoder of Opus draws other noise than the codec's authors' where nothing was coded.
    decoder = ["-c:a", "libopus"] if stream["codec_name"] == "opus" else []
    command = ["ffmpeg", "-v", "error", *decoder, "-i", path, "-map", "0:a:0", "-f", "f32le", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(raw, "<f4").reshape(-1, int(stream["channels"])), int(stream["sample_rate"])


def run(script):
    recipe = WORK / "recipe.rhai"
    recipe.write_text(script)
    done = subprocess.run([PROGRAM, "run", recipe], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def read_here(paths):
    """Each file as a WAV file of floats, or the words of its refusal."""
    lines = []
    for path in paths:
        out = json.dumps(str(path) + ".read.wav")
        lines.append(f"try {{ load({json.dumps(str(path))}).save({out}); }} catch (e) {{ print(`{path.name}\t${{e.message}}`); }}")
    words = dict(line.split("\t", 1) for line in run("\n".join(lines)).splitlines() if "\t" in line)
    return words


def reading():
    sound = signal()
    source = {"i": WORK / "stereo.wav", "m": WORK / "mono.wav", "raw": WORK / "stereo.raw"}
    soundfile.write(source["i"], sound, RATE, subtype="PCM_16")
    soundfile.write(source["m"], sound[:, 0], RATE, subtype="PCM_16")
    source["raw"].write_bytes((sound * (2**31 - 1)).astype("<i4").tobytes())
    rows, failures, skipped = [], [], []
    for kind, files in MADE.items():
        made = []
        for name, command, wanted in files:
            path = WORK / f"{kind}_{name}"
            path = path.with_name(path.name.replace(" ", "_"))
            full = command.format(**source, o=path)
            tools = {part.split()[0] for part in full.replace("&&", "|").split("|")}
            missing = [tool for tool in tools if shutil.which(tool) is None]
            done = None if missing else subprocess.run(full, shell=True, capture_output=True, text=True)
            if missing or done.returncode != 0 or not path.exists() or path.stat().st_size == 0:
                skipped.append(f"{path.name}: {'no ' + missing[0] if missing else done.stderr.strip()[:70]}")
                continue
            made.append((path, wanted))
        refused = read_here([path for path, _ in made])
        exact, close, worst, told = 0, 0, 0.0, []
        for path, wanted in made:
            words = refused.get(path.name)
            if words is not None:
                told.append(words)
                if wanted not in words:
                    failures.append(f"{path.name}: {words}")
                continue
            if wanted not in ("exact", "close"):
                failures.append(f"{path.name}: read, and should be refused with `{wanted}`")
                continue
            here, here_rate = soundfile.read(str(path) + ".read.wav", dtype="float32", always_2d=True)
            if "chained" in path.name:
                # ffmpeg does not begin anew with the second stream.
                parts = [reference(path.with_name(path.name + part), kind) for part in (".a", ".b")]
                there, there_rate = np.concatenate([samples for samples, _ in parts]), parts[0][1]
            else:
                there, there_rate = reference(path, kind)
            # Some versions of ffmpeg leave an encoder's padding at the end: what is sound is known here, because it is what was
            # encoded.
            whole = round(len(sound) * here_rate / RATE)
            if len(there) > len(here) and abs(len(here) - whole) <= 1 and wanted == "close":
                there = there[: len(here)]
            if here.shape != there.shape or here_rate != there_rate:
                failures.append(f"{path.name}: {here.shape} at {here_rate} Hz, others read {there.shape} at {there_rate} Hz")
                continue
            error = float(np.abs(here.astype(float) - there).max())
            worst = max(worst, error)
            if error == 0:
                exact += 1
            elif wanted == "close" and error <= 1e-4:
                close += 1
            else:
                failures.append(f"{path.name}: differs by {error:.2g}")
        rows.append((kind, len(made), exact, close, worst, told))
    print(f"{'kind':10}{'files':>6}{'exact':>7}{'close':>7}{'worst':>10}  refused")
    for kind, n, exact, close, worst, told in rows:
        print(f"{kind:10}{n:6}{exact:7}{close:7}{worst:10.1g}  {len(told)}")
        for words in told:
            print(f"{'':42}{words.replace(str(WORK), '')[:150]}")
    for what in skipped:
        print(f"skipped: {what}")
    return failures


def writing():
    """FLAC and WAV files of loud, noisy, quiet and absurd sound, written here and read by libsndfile and ffmpeg."""
    rng = np.random.default_rng(7)
    n = 3 * RATE
    tone = 0.9 * np.sin(2 * np.pi * 440 * np.arange(n) / RATE)
    sounds = {
        "noise": np.clip(rng.standard_normal((n, 2)), -1, 1),
        "uniform": rng.uniform(-1, 1, (n, 1)),
        "tone": np.stack([tone, -tone], 1),
        "clicks": np.where(rng.random((n, 1)) < 0.01, rng.choice([-1, 1], (n, 1)), 0),
        "silence": np.zeros((n, 2)),
        "quiet": 1e-5 * rng.standard_normal((n, 1)),
        "square": np.sign(tone)[:, None] * 0.999,
        "short": rng.uniform(-1, 1, (7, 2)),
        "one": np.array([[0.5]]),
    }
    failures, rows, lines = [], [], []
    for name, sound in sounds.items():
        source = WORK / f"{name}.wav"
        soundfile.write(source, sound.astype(np.float64), RATE, subtype="FLOAT")
        for ending, form in (("flac", "int24"), ("flac", "int16"), ("wav", "int24"), ("wav", "float32")):
            out = WORK / f"{name}_{form}.{ending}"
            lines.append(f"load({json.dumps(str(source))}).save({json.dumps(str(out))}, #{{ format: \"{form}\" }});")
            rows.append((name, source, out, form))
    run("\n".join(lines))
    largest = 0.0
    for name, source, out, form in rows:
        wanted, _ = soundfile.read(source, dtype="float64", always_2d=True)
        bits = {"int16": 16, "int24": 24}.get(form, 32)
        step = 0 if form == "float32" else 2.0 ** (1 - bits)
        verbatim = wanted.size * bits // 8
        largest = max(largest, out.stat().st_size / verbatim if wanted.size > 100 else 0)
        if out.stat().st_size > verbatim + 400:
            failures.append(f"{out.name}: {out.stat().st_size} bytes for {verbatim} of samples")
        sndfile, _ = soundfile.read(out, dtype="float64", always_2d=True)
        if sndfile.shape != wanted.shape or np.abs(sndfile - wanted).max() > 1.01 * step:
            failures.append(f"{out.name}: libsndfile reads something else")
        if shutil.which("ffmpeg"):
            raw = subprocess.run(["ffmpeg", "-v", "error", "-i", out, "-f", "f64le", "-"], capture_output=True)
            ffmpeg = np.frombuffer(raw.stdout, "<f8").reshape(-1, wanted.shape[1])
            if raw.stderr or ffmpeg.shape != wanted.shape or not np.array_equal(ffmpeg, sndfile):
                failures.append(f"{out.name}: ffmpeg reads something else {raw.stderr[:80]}")
        if out.suffix == ".flac" and shutil.which("flac") and subprocess.run(["flac", "-s", "-t", out]).returncode:
            failures.append(f"{out.name}: `flac -t` finds faults")
    print(f"written: {len(rows)} files, the largest {largest:.3f} times its samples")
    return failures


if __name__ == "__main__":
    try:
        wrong = reading() + writing()
    finally:
        if "KEEP" not in os.environ:
            shutil.rmtree(WORK)
    for line in wrong:
        print("FAIL", line.replace(str(WORK), ""))
    sys.exit(1 if wrong else 0)
