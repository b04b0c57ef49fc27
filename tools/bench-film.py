#!/usr/bin/env python3
"""Holds `storypress transcode` at a byte cap against the two-pass script that a careful user would write, on many clips.

    tools/bench-film.py [--clips DIR] [--effort fast|good|best] [--only REGEX] [--storypress PATH] [--script-size own|1080]
                        [--cap BYTES] [--end S] [--cache DIR] [--fresh] [--frames DIR] [--json FILE] [--jobs N]

In: a folder of clips (tools/film-clips.py makes some). Out: a table, a line a goal that is missed, and exit code 1 with any of those.
Both aim at the same bytes: 8,000,000 for the minute, and of that each second's share, so that bits are short.
The script is `libx264 -preset fast`, at the size that storypress chose or at 1080x1920. VMAF is taken at 1080x1920 about three times
a second, by an ffmpeg that has it: $FFMPEG_VMAF, or that of the Python package imageio-ffmpeg. Without one it is SSIM, times 100.
Standard library only; needs `ffmpeg` and `ffprobe`. Never writes into the folder of clips.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILMS = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".ts", ".ogv"}
# how far ours may stay under the script: mean, 5th percentile, and the CPU of films of 20 s and more, and of shorter ones
GOALS = {
    "fast": {"mean": -3.0, "low": -5.0, "cpu": (0.45, 0.45)},
    "good": {"mean": -0.3, "low": -1.0, "cpu": (0.8, 0.95)},
    "best": {"mean": 1.0, "low": -1.0, "cpu": (1.6, 1.6)},
}
# a second under the first is sunk where the script keeps it over the second; at the third nobody sees a fault
SUNK = {"VMAF": (60, 75, 95), "SSIM": (85, 92, 98.5)}


class Missed(Exception):
    """A command that failed."""


def run(words, **more):
    """Runs a command; gives its CPU seconds, user and system, the seconds it took and the most memory it had, in MB."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, **more)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            raise Missed(f"{words[0]} ended with {child.returncode}: {said.read()[-600:].decode(errors='replace').strip()}")
    return used.ru_utime + used.ru_stime, time.monotonic() - began, used.ru_maxrss / 1024


def facts(path):
    """What ffprobe says of a film's picture."""
    words = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries"]
    words += ["stream=width,height,r_frame_rate,color_space:format=duration", "-of", "json", str(path)]
    said = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    return {**said["streams"][0], "seconds": float(said["format"].get("duration", 0))}


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:24]


class Bench:
    def __init__(self, given, work):
        self.given, self.work = given, Path(work)
        self.effort = given.effort or "good"
        self.vmaf = meter()
        self.measure = "VMAF" if self.vmaf else "SSIM"
        self.version = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
        self.cache = given.cache or self.work / "cache"
        self.cache.mkdir(parents=True, exist_ok=True)

    def kept(self, ending, *parts):
        """Where something is kept, by all that it depends on."""
        key = hashlib.blake2b(json.dumps([str(p) for p in parts]).encode(), digest_size=12).hexdigest()
        return self.cache / f"{key}{ending}"

    def way(self, source, width, height, rate):
        """The filters of the script and of the reference: centre of 9:16, size, BT.709, constant rate."""
        matrix = {"smpte170m": "bt601", "bt470bg": "bt601", "bt709": "bt709"}.get(source.get("color_space"))
        matrix = matrix or ("bt709" if int(source["height"]) >= 720 else "bt601")
        flags = "lanczos" if rate is None else "bicubic"
        return (
            f"crop=w='min(iw,ih*9/16)':h='min(ih,iw*16/9)',scale={width}:{height}:flags={flags}:"
            f"in_color_matrix={matrix}:out_color_matrix=bt709:out_range=tv"
        )

    def reference(self, clip, source, seconds, rate, step):
        """What a perfect 1080x1920 would show, every `step`th frame."""
        path = self.kept(".ref.mkv", digest(clip), seconds, rate, step, self.version)
        if not path.exists():
            seen = f"{self.way(source, 1080, 1920, None)},fps={rate}:start_time=0,select='not(mod(n,{step}))',setpts=N/TB/3,format=yuv420p"
            part = self.work / path.name
            run(["ffmpeg", "-v", "error", "-y", "-nostdin", "-i", clip, "-t", seconds, "-vf", seen, "-r", "3", "-an", "-c:v", "ffv1", "-slices", "4", part])
            shutil.move(part, path)
        return path

    def quality(self, film, reference, rate, step):
        """The quality of every `step`th frame, 0 to 100."""
        log = self.work / f"{os.getpid()}-{time.monotonic_ns()}.log"
        # a film that says its colours beside one that does not: newer ffmpegs convert the one, and it loses up to five points
        same = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
        seen = f"[0:v]{same},select='not(mod(n,{step}))',scale=1080:1920:flags=bicubic,setpts=N/TB/3,format=yuv420p[d];"
        seen += f"[1:v]{same},setpts=N/TB/3,format=yuv420p[r];[d][r]"
        end = f"libvmaf=n_threads=2:log_fmt=json:log_path={log}" if self.vmaf else f"ssim=stats_file={log}"
        run([self.vmaf or "ffmpeg", "-v", "error", "-nostdin", "-i", film, "-i", reference, "-lavfi", seen + end, "-f", "null", "-"])
        text = log.read_text()
        log.unlink()
        if self.vmaf:
            return [frame["metrics"]["vmaf"] for frame in json.loads(text)["frames"]]
        return [100 * float(found) for found in re.findall(r"Y:([0-9.]+)", text)]

    def script(self, clip, source, seconds, cap, width, height, rate, step, reference):
        """The script's film, its CPU seconds and its quality; out of the cache where it is there."""
        key = (digest(clip), seconds, cap, width, height, rate, self.version)
        film, told = self.kept(".mp4", *key), self.kept(f".{self.measure}.json", *key, step)
        if film.exists() and told.exists() and not self.given.fresh:
            return film, {**json.loads(told.read_text()), "cached": True}
        kilobits = int((cap * 0.985 * 8 / seconds - 96000 * 1.02) / 1000)
        part, log = self.work / film.name, self.work / f"{film.name}.log"
        words = ["ffmpeg", "-v", "error", "-y", "-nostdin", "-i", clip, "-t", seconds, "-vf"]
        words += [f"{self.way(source, width, height, rate)},fps={rate}:start_time=0,format=yuv420p", "-c:v", "libx264", "-preset", "fast"]
        words += ["-b:v", f"{kilobits}k", "-g", max(1, round(2 * Fraction(rate))), "-passlogfile", log]
        first = run(words + ["-pass", "1", "-an", "-f", "mp4", "/dev/null"])
        second = run(words + ["-pass", "2", "-c:a", "aac", "-b:a", "96k", "-movflags", "+faststart", part])
        values = self.quality(part, reference, rate, step)
        made = {"cpu": first[0] + second[0], "bytes": part.stat().st_size, "values": values, "load": os.getloadavg()[0]}
        shutil.move(part, film)
        told.write_text(json.dumps(made))
        return film, {**made, "cached": False}

    def ours(self, clip, seconds, cap, whole):
        folder = self.work / f"ours-{clip.stem}"
        words = [self.given.storypress, "transcode", clip, "-o", folder, "--max-bytes", cap, "-q"]
        words += [] if whole else ["--end", seconds]
        words += ["--effort", self.given.effort] if self.given.effort else []
        cpu, wall, memory = run(words, cwd=self.work)
        (film,) = folder.glob("*.mp4")
        return film, {"cpu": cpu, "wall": wall, "memory": memory, "bytes": film.stat().st_size, "load": os.getloadavg()[0]}

    def one(self, clip):
        """Everything about one clip."""
        source = facts(clip)
        longest = self.given.end or 60.0
        whole = source["seconds"] <= longest
        seconds = round(min(source["seconds"], longest), 3)
        cap = self.given.cap or int(8_000_000 * seconds / 60)
        film, a = self.ours(clip, seconds, cap, whole)
        made = facts(film)
        rate, width, height = made["r_frame_rate"], made["width"], made["height"]
        step = max(1, int(Fraction(rate)) // 3)
        reference = self.reference(clip, source, seconds, rate, step)
        a["values"] = self.quality(film, reference, rate, step)
        size = (1080, 1920) if self.given.script_size == "1080" else (width, height)
        other, b = self.script(clip, source, seconds, cap, *size, rate, step, reference)
        found = {"clip": clip.name, "measure": self.measure, "effort": self.effort, "seconds": seconds, "rate": rate, "cap": cap}
        found |= {"size": f"{width}x{height}", "script_size": f"{size[0]}x{size[1]}", "source": f"{source['width']}x{source['height']}"}
        found |= compared(a, b, seconds, cap, float(Fraction(rate)) / step, self.measure)
        found["missed"] = self.missed(found)
        if self.given.frames:
            self.picture(clip, film, other, found["worst_second"], float(Fraction(rate)), step)
        shutil.rmtree(film.parent)
        return found

    def missed(self, f):
        """A line for each goal that this clip misses."""
        goal, out = GOALS[self.effort], []
        a, b = f["ours"], f["script"]
        _, _, whole = SUNK[self.measure]
        fine = f" (nothing to see: no second of ours under {whole})" if f["own_worst"] >= whole else ""
        if a["bytes"] > f["cap"]:
            out.append(f"{a['bytes']} bytes, the cap is {f['cap']}")
        if a["mean"] < b["mean"] + goal["mean"]:
            out.append(f"mean {a['mean']:.1f}, the script's {b['mean']:.1f}, goal {goal['mean']:+}{fine}")
        if a["low"] < b["low"] + goal["low"]:
            out.append(f"5th percentile {a['low']:.1f}, the script's {b['low']:.1f}, goal {goal['low']:+}{fine}")
        if f["sunk"]:
            out.append(f"{len(f['sunk'])} sunk seconds: {', '.join(map(str, f['sunk']))}")
        limit = goal["cpu"][0 if f["seconds"] >= 19.9 else 1]
        if f["ratio"] > limit:
            out.append(f"CPU {a['cpu']:.1f} s, the script's {b['cpu']:.1f}: {f['ratio']:.2f} x, goal {limit} x")
        if a["bytes"] < 0.985 * f["cap"] and not fine and a["mean"] < whole:
            out.append(f"only {100 * a['bytes'] / f['cap']:.1f} % of the cap used while seconds look worse than {whole}")
        short = f["seconds"] <= 15.1 and Fraction(f["rate"]) <= 30 and self.effort == "good" and self.given.jobs == 1
        if short and f["wall_per_second"] > 1.5:
            out.append(f"{f['wall_per_second']:.2f} s for each second of film, goal 1.5 (load {a['load']:.1f})")
        return out

    def picture(self, clip, film, other, second, rate, step):
        """Ours and the script's, side by side, in the middle of the worst second."""
        self.given.frames.mkdir(parents=True, exist_ok=True)
        frame = min(round((second + 0.5) * rate / step) * step, int(rate * facts(film)["seconds"]) - 1)
        graph = "".join(f"[{i}:v]select=eq(n\\,{frame}),scale=1080:1920:flags=bicubic,format=rgb24[f{i}];" for i in (0, 1)) + "[f0][f1]hstack"
        path = self.given.frames / f"{clip.stem}-second{second}.png"
        run(["ffmpeg", "-v", "error", "-y", "-nostdin", "-i", film, "-i", other, "-filter_complex", graph, "-frames:v", "1", path])


def compared(a, b, seconds, cap, samples, measure):
    """Means, worst seconds, CPU and bytes of both."""
    low, high, _ = SUNK[measure]
    out = {}
    by_second = []
    for name, side in (("ours", a), ("script", b)):
        values = side.pop("values")
        ordered = sorted(values)
        parts = {}
        for i, value in enumerate(values):
            parts.setdefault(int(i / samples), []).append(value)
        by_second.append([sum(part) / len(part) for part in parts.values()])
        out[name] = side | {"mean": sum(values) / len(values), "low": ordered[len(ordered) // 20], "seconds": [round(v, 2) for v in by_second[-1]]}
    s, t = by_second
    common = range(min(len(s), len(t)))
    worst = min(common, key=lambda i: s[i] - t[i])
    out |= {"worst_second": worst, "worst": s[worst], "worst_script": t[worst], "own_worst": min(s)}
    out |= {"sunk": [i for i in common if s[i] < low and t[i] > high]}
    out |= {"ratio": a["cpu"] / b["cpu"], "wall_per_second": a["wall"] / seconds, "share": a["bytes"] / cap, "script_share": b["bytes"] / cap}
    return out


def meter():
    """An ffmpeg with libvmaf, or nothing."""
    named = os.environ.get("FFMPEG_VMAF")
    if not named:
        try:
            named = __import__("imageio_ffmpeg").get_ffmpeg_exe()
        except (ImportError, RuntimeError):
            named = "ffmpeg"
    said = subprocess.run([named, "-hide_banner", "-filters"], capture_output=True, text=True).stdout
    return named if " libvmaf " in said else None


HEAD = ("clip", "size", "s", "mean", "script", "p5", "script", "worst second", "own", "sunk", "CPU s", "script", "ratio", "cap %", "script", "s/s", "MB")


def row(f):
    a, b = f["ours"], f["script"]
    return (
        f["clip"], f["size"] if f["size"] == f["script_size"] else f"{f['size']}/{f['script_size']}", f"{f['seconds']:.0f}",
        f"{a['mean']:.1f}", f"{b['mean']:.1f}", f"{a['low']:.1f}", f"{b['low']:.1f}",
        f"{f['worst_second']}: {f['worst']:.0f}/{f['worst_script']:.0f}", f"{f['own_worst']:.0f}", str(len(f["sunk"])),
        f"{a['cpu']:.1f}", f"{b['cpu']:.1f}{'*' if b['cached'] else ''}", f"{f['ratio']:.2f}",
        f"{100 * f['share']:.1f}", f"{100 * f['script_share']:.1f}", f"{f['wall_per_second']:.2f}", f"{a['memory']:.0f}",
    )


def table(found):
    rows = [HEAD] + [row(f) for f in found]
    widths = [max(len(r[i]) for r in rows) for i in range(len(HEAD))]
    return "\n".join("  ".join(c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(r, widths))) for r in rows)


def arguments():
    parser = argparse.ArgumentParser(description="Films at a byte cap beside a careful two-pass script.")
    parser.add_argument("--clips", type=Path, default=ROOT / "target/film-clips", help="a folder of clips (default target/film-clips)")
    parser.add_argument("--effort", choices=GOALS, help="handed on to storypress; without it, its default, held to the goals of good")
    parser.add_argument("--only", default=".", metavar="REGEX", help="only clips whose name this finds")
    parser.add_argument("--storypress", type=Path, default=ROOT / "target/release/storypress", metavar="PATH")
    parser.add_argument("--script-size", choices=("own", "1080"), default="own", help="the size that storypress chose, or 1080x1920")
    parser.add_argument("--cap", type=int, metavar="BYTES", help="without it, 8,000,000 for 60 s and its share for less")
    parser.add_argument("--end", type=float, metavar="S", help="only so much of each clip (default 60)")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keeps the script's films and what was measured of them")
    parser.add_argument("--fresh", action="store_true", help="runs the script anew, for its CPU")
    parser.add_argument("--frames", type=Path, metavar="DIR", help="writes each clip's worst second, ours and the script's, as PNG")
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes all that was found")
    parser.add_argument("--jobs", type=int, default=1, help="clips at a time (default 1: CPU and time are fair only then)")
    given = parser.parse_args()
    given.storypress = given.storypress.resolve()
    if not given.storypress.exists():
        parser.error(f"{given.storypress} is not there: build it, or name it with --storypress")
    return parser, given


def main():
    parser, given = arguments()
    files = sorted(given.clips.iterdir()) if given.clips.is_dir() else [given.clips]
    clips = [f for f in files if f.suffix in FILMS and not f.name.startswith(".") and re.search(given.only, f.name)]
    if not clips:
        parser.error(f"no clips in {given.clips}: tools/film-clips.py makes some")
    with tempfile.TemporaryDirectory() as work, concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        bench = Bench(given, work)
        print(f"{bench.measure}, {len(clips)} clips, goals of --effort {bench.effort}; load {os.getloadavg()[0]:.1f}", flush=True)
        if not bench.vmaf:
            print("no ffmpeg with libvmaf (FFMPEG_VMAF, or `pip install imageio-ffmpeg`): this is SSIM times 100, its goals are guesses")
        found, missed = [], []
        for clip, job in [(clip, pool.submit(bench.one, clip)) for clip in clips]:
            try:
                found.append(job.result())
                missed += [f"{clip.name}: {line}" for line in found[-1]["missed"]]
                print("  ".join(row(found[-1])), flush=True)
            except (Missed, subprocess.CalledProcessError, OSError, ValueError) as fault:
                missed.append(f"{clip.name}: {fault}")
                print(f"{clip.name}: {fault}", flush=True)
            if given.json:
                given.json.write_text(json.dumps(found, indent=1))
    print("\n" + table(found))
    print("worst second: where ours is most below the script's; own: our lowest second; s/s: seconds of work for one of film.")
    if any(f["script"]["cached"] for f in found):
        loads = [f["ours"]["load"] - f["script"]["load"] for f in found if f["script"]["cached"]]
        print(
            f"* the script's CPU comes from an earlier run: compare it only at the same load of the machine (load then and now differs "
            f"by up to {max(map(abs, loads)):.1f}); --fresh measures it in this run."
        )
    print("\n" + "\n".join([f"MISSED {line}" for line in missed] or ["every goal is met"]))
    print(f"{len(clips) - len({line.split(': ')[0] for line in missed})} of {len(clips)} clips meet every goal")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
