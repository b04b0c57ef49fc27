#!/usr/bin/env python3
"""Makes clips of uneven difficulty, to measure films by (tools/bench-film.py).

    tools/film-clips.py DIR [--seconds N] [--only REGEX] [--seed S] [--list]

In: a seed, and the photographs of assets/photos. Out: DIR/<kind>-<seed>.mp4, one a kind, with sound; a clip that is there stays.
Another seed gives other clips of the same kinds: other photographs, colours, speeds, sizes, rates and lengths.
Needs the `ffmpeg` command and nothing else. Never takes a picture from anywhere else, and no clip is ever committed.
"""

import argparse
import random
import re
import subprocess
import sys
from pathlib import Path

PHOTOS = sorted((Path(__file__).resolve().parent.parent / "assets/photos").glob("*.jpg"))
# dealt out among the kinds, so that every set has short and long ones
LENGTHS = [3, 4, 5, 6, 6, 8, 8, 8, 10, 10, 12, 12, 15, 15, 18, 20, 24, 30]
UPRIGHT, SMALL, WIDE, OLD = (1080, 1920), (720, 1280), (1920, 1080), (1440, 1080)
WORDS = (
    "the of a to in film light story menu today open late bread honey tomato salt price table window street morning evening "
    "garden river quiet letter paper colour market fresh daily special soup fig peas coffee kettle dog peak snow bridge train"
).split()


class Clip:
    """One clip on its way: its size and rate, and the filter graph that grows."""

    def __init__(self, rng, size, fps, seconds):
        self.rng, self.fps, self.seconds = rng, fps, seconds
        self.width, self.height = size
        self.frames = fps * seconds
        self.inputs, self.chains, self.labels = [], [], 0

    @property
    def size(self):
        return f"{self.width}x{self.height}"

    def chain(self, text, *sources):
        """Adds a chain of filters behind these labels; gives the label of what comes out."""
        self.labels += 1
        label = f"[v{self.labels}]"
        self.chains.append("".join(sources) + text + label)
        return label

    def one_of(self, *choices):
        return self.rng.choice(choices)

    def between(self, low, high):
        return round(self.rng.uniform(low, high), 3)

    def source(self, text, frames, then=""):
        """A source of FFmpeg's own, at the clip's size whatever its own."""
        return self.chain(
            f"{text},scale={self.width}:{self.height}:flags=bicubic,setsar=1,format=yuv420p{then},{self.cut(frames)}"
        )

    def cut(self, frames):
        return f"trim=end_frame={frames},settb=1/{self.fps},setpts=N"

    def photo(self, frames, room=1.0, then="", size=None):
        """A photograph that covers `room` times the frame on each side, standing still."""
        number = len(self.inputs)
        self.inputs.append(self.rng.choice(PHOTOS))
        width, height = (even(side * room) for side in size or (self.width, self.height))
        turn = self.one_of("", ",hflip")
        return self.chain(
            f"[{number}:v]scale={width}:{height}:force_original_aspect_ratio=increase:flags=lanczos:out_range=tv,setsar=1,"
            f"crop={width}:{height}{turn},format=yuv420p,setsar=1{then},loop=loop={frames - 1}:size=1,{self.cut(frames)}"
        )

    def seen(self, label, x, y, room, then=""):
        """What a camera sees of a larger picture: x and y go from 0 to 1 over what is out of sight; steps of a fraction of a pixel."""
        part = f"{even(self.width * room / 1.15)}:{even(self.height * room / 1.15)}" if room > 1.2 else f"{self.width}:{self.height}"
        return self.chain(
            f"crop={part}:'(iw-ow)*({x})':'(ih-oh)*({y})',scale={self.width}:{self.height}:flags=bicubic,setsar=1{then}", label
        )

    def joined(self, labels):
        return self.chain(f"concat=n={len(labels)}:v=1:a=0", *labels) if len(labels) > 1 else labels[0]

    def specks(self, frames, wide, share, stretch, speed, drift, colours):
        """White or coloured specks that fall, for `screen`: one texture, rolled over the frame."""
        width, height = self.width // wide, self.height // wide
        # noise of strength 100 reaches 50 steps to either side of grey (128, and 126 as luma): a step is a hundredth of the cells
        least, seed = (178 if colours else 175) - share, self.rng.randrange(10**6)
        if colours:
            made = f"format=gbrp,noise=alls=100:allf=u:all_seed={seed}," + "lutrgb=" + ":".join(
                f"{channel}='if(gt(val,{least}),{top},0)'" for channel, top in zip("rgb", self.rng.sample((255, 240, 210), 3))
            )
            seen = "lutrgb=" + ":".join(f"{channel}='min(255,val*{stretch})'" for channel in "rgb")
        else:
            made = f"format=gray,noise=c0s=100:c0f=u:c0_seed={seed},lut=c0='if(gt(val,{least}),255,0)'"
            seen = f"lut=c0='clip((val-12)*{stretch},16,235)'"
        return self.chain(
            f"color=gray:s={width}x{height}:r={self.fps},{made},scale={self.width}:{self.height}:flags=neighbor,"
            f"gblur=sigma=1:sigmaV={stretch},{seen},setsar=1,{'' if colours else 'format=yuv420p,'}"
            f"trim=end_frame=1,loop=loop={frames - 1}:size=1,{self.cut(frames)},scroll=vertical=-{speed}:horizontal={drift}"
        )

    def clouds(self, frames, cell, turns):
        """Soft noise that flows: small noise at a low rate, blended in between and scaled up."""
        return self.chain(
            f"color=gray:s={even(self.width / cell)}x{even(self.height / cell)}:r={turns},format=yuv444p,"
            f"noise=alls=90:allf=t:all_seed={self.rng.randrange(10**6)},framerate=fps={self.fps}:interp_start=0:interp_end=255:scene=100,"
            f"scale={self.width}:{self.height}:flags=bicubic,eq=contrast=1.2,setsar=1,format=yuv420p,{self.cut(frames)}"
        )

    def wild(self, frames):
        """Something that takes many bits."""
        rng = self.rng
        return self.one_of(
            lambda: self.source(f"testsrc2=s={self.size}:r={self.fps}", frames, f",noise=alls={rng.randint(10, 25)}:allf=t"),
            lambda: self.source(
                f"life=s={even(self.width / 8)}x{even(self.height / 8)}:r={self.fps}:mold=12:ratio={self.between(0.2, 0.5)}:seed={rng.randrange(999)}:"
                f"death_color=0x{rng.randrange(0x1000000):06x}:life_color=0x{rng.randrange(0x1000000):06x}:mold_color=0x101010",
                frames,
            ),
            lambda: self.seen(
                self.photo(frames, 1.8), f"0.5+0.5*sin(t*{self.between(5, 9)})", f"0.5+0.5*cos(t*{self.between(4, 7)})", 1.8,
                f",noise=alls={rng.randint(8, 16)}:allf=t+u",
            ),
            lambda: self.clouds(frames, rng.randint(12, 24), 10),
        )()

    def calm(self, frames):
        """Something that takes hardly any."""
        colours = ":".join(f"c{i}=0x{self.rng.randrange(0x1000000):06x}" for i in range(3))
        return self.one_of(
            lambda: self.source(
                f"gradients=s={even(self.width / 4)}x{even(self.height / 4)}:r={self.fps}:n=3:{colours}:speed={self.between(0.002, 0.01)}:seed={self.rng.randrange(999)}",
                frames,
            ),
            lambda: self.photo(frames, 1.0, ",gblur=sigma=12"),
            lambda: self.photo(frames),
        )()

    def scene(self, frames):
        """Any shot."""
        return self.one_of(
            self.wild, self.calm, self.photo,
            lambda n: self.seen(self.photo(n, 1.5), f"0.5+0.5*sin(t*{self.between(0.5, 2)})", "0.5", 1.5),
            lambda n: self.source(f"mandelbrot=s=360x640:r={self.fps}:start_scale={self.between(0.01, 0.4)}:end_pts=200", n),
        )(frames)

    def parts(self, least, most):
        """Numbers of frames of shots between so many seconds, that fill the clip."""
        left, out = self.frames, []
        while left > 0:
            n = min(left, round(self.fps * self.rng.uniform(least, most)))
            n = left if left - n < self.fps * least / 2 else n
            out.append(n)
            left -= n
        return out


def even(number):
    return int(number) // 2 * 2


def flat_then_wild(c):
    calm = round(c.frames * c.rng.uniform(0.5, 0.75))
    return c.joined([c.calm(calm), c.wild(c.frames - calm)])


def still_then_burst(c):
    burst = min(c.frames // 3, c.fps * 2)
    return c.joined([c.photo(c.frames - burst), c.wild(burst)])


def cuts(c):
    return c.joined([c.scene(n) for n in c.parts(1, 1)])


def fades(c):
    shots, over = c.parts(2.5, 3.5), c.fps // 2 if c.rng.random() < 0.5 else c.fps
    out, at = None, 0
    for n in shots:
        n += over
        shot = c.seen(c.photo(n, 1.3), f"0.5+0.5*sin(t*{c.between(0.2, 0.7)})", "0.5", 1.3)
        kind = c.one_of("fade", "fadeblack", "fadewhite", "dissolve", "wipeleft", "circleopen", "slideup")
        out = c.chain(f"xfade=transition={kind}:duration={over / c.fps}:offset={at / c.fps}", out, shot) if out else shot
        at += n - over
    return out


def grain_comes_goes(c):
    period, share = c.between(4, 7), c.between(0.3, 0.5)
    seen = c.seen(c.photo(c.frames, 1.3), f"0.5+0.5*sin(t*{c.between(0.2, 0.6)})", "0.5", 1.3)
    return c.chain(f"noise=c0s={c.rng.randint(12, 24)}:c0f=t+u:enable='gt(mod(t,{period}),{period * share})'", seen)


def still_overlay(c):
    side = even(c.width * c.between(0.2, 0.4))
    badge = c.photo(c.frames, size=(side, even(side * c.between(0.6, 1.4))))
    x, y = f"(W-w)*(0.5+0.5*sin(t*{c.between(0.8, 2.5)}))", f"(H-h)*(0.5+0.5*cos(t*{c.between(0.6, 2)}))"
    return c.chain(f"overlay=x='{x}':y='{y}':eval=frame:format=yuv420", c.photo(c.frames), badge)


def rain(c):
    near = c.specks(c.frames, c.rng.randint(4, 6), 1, c.rng.randint(8, 16), c.between(0.04, 0.07), 0.001, False)
    far = c.specks(c.frames, 3, 1, 5, c.between(0.02, 0.035), 0.002, False)
    under = c.chain("eq=brightness=-0.12:saturation=0.7", c.photo(c.frames))
    return c.chain("blend=c0_mode=screen:c0_opacity=0.6", c.chain("blend=c0_mode=screen:c0_opacity=0.4", under, far), near)


def confetti(c):
    out = c.photo(c.frames, 1.0, ",gblur=sigma=6") if c.rng.random() < 0.5 else c.calm(c.frames)
    out = c.chain("format=gbrp", out)
    for wide in c.rng.sample(range(8, 22), 3):
        speed, drift = c.between(0.003, 0.012), c.between(-0.003, 0.003)
        out = c.chain("blend=all_mode=screen", out, c.specks(c.frames, wide, c.rng.randint(1, 3), 1, speed, drift, True))
    return c.chain("format=yuv420p", out)


def page(c, tall, size):
    """A page of text, black on white or white on black, once."""
    lines = []
    while len(lines) * size * 1.5 < tall:
        line = ""
        while len(line) < c.width / size * 1.55:
            line += c.rng.choice(WORDS) + " "
        lines.append(line if c.rng.random() > 0.12 else "")
    ink, paper = c.one_of(("black", "white"), ("0xdddddd", "0x14181c"), ("0x202040", "0xfffaf2"))
    text = "\\\n".join(lines)
    boxes = "".join(
        f",drawbox=x={c.rng.randint(0, 200)}:y={c.rng.randrange(tall)}:w={c.rng.randint(200, 900)}:h={c.rng.randint(60, 300)}:color=0x{c.rng.randrange(0x1000000):06x}:t=fill"
        for _ in range(tall // 1500)
    )
    return f"color={paper}:s={c.width}x{tall}:r={c.fps}{boxes},drawtext=text='{text}':x=48:y=40:fontsize={size}:line_spacing={size // 2}:fontcolor={ink}"


def scrolling_page(c):
    tall, period = c.height * 3, c.between(1.5, 3)
    still = c.chain(f"{page(c, tall, c.rng.randint(26, 44))},format=yuv420p,trim=end_frame=1,loop=loop={c.frames - 1}:size=1,{c.cut(c.frames)}")
    # a thumb's way: a push, and then it runs out
    steps = max(1, c.seconds / period)
    run = f"(floor(t/{period})+1-pow(1-mod(t,{period})/{period},4))/{steps + 0.01:.3f}"
    return c.chain(f"crop={c.width}:{c.height}:0:'(ih-oh)*min(1,{run})'", still)


def typing(c):
    still = c.chain(f"{page(c, c.height, c.rng.randint(30, 48))},format=yuv420p,trim=end_frame=1,loop=loop={c.frames - 1}:size=1,{c.cut(c.frames)}")
    paper = c.source(f"color=0x{c.rng.randrange(0x1000000):06x}:s={c.size}:r={c.fps}", c.frames)
    return c.chain(f"overlay=x=0:y='60*floor(1+t*{c.between(1.5, 4)})':eval=frame:format=yuv420", still, paper)


def slide_show(c):
    return c.joined([c.photo(n) for n in c.parts(2, 3)])


def shake(c):
    noise = f",noise=c0s={c.rng.randint(3, 9)}:c0f=t+u"
    a, b, d = c.between(0.3, 0.8), c.between(5, 9), c.between(4, 8)
    return c.seen(c.photo(c.frames, 1.3), f"0.5+0.4*sin(t*{a})+0.05*sin(t*{b})+0.03*sin(t*13.7)", f"0.5+0.3*cos(t*{a * 0.7})+0.06*sin(t*{d})", 1.3, noise)


def whip(c):
    period = c.between(1.5, 3)
    x = f"mod(floor(t/{period})*0.37+0.37*min(1,mod(t,{period})*{c.between(3, 6)}),1)"
    return c.seen(c.photo(c.frames, 2.2), x, f"0.5+0.5*sin(floor(t/{period}))", 2.2)


def dark_gradients(c):
    colours = ":".join(f"c{i}=0x{c.rng.randrange(8, 40):02x}{c.rng.randrange(8, 36):02x}{c.rng.randrange(16, 60):02x}" for i in range(4))
    noise = c.one_of("", ",noise=c0s=2:c0f=t+u")
    made = c.source(f"gradients=s={even(c.width / 2)}x{even(c.height / 2)}:r={c.fps}:n=4:{colours}:speed={c.between(0.003, 0.015)}:seed={c.rng.randrange(999)}", c.frames, noise)
    return c.chain(f"fade=t=in:d=1,fade=t=out:st={c.seconds - 1}:d=1", made)


def talking_head(c):
    wide, tall = even(c.width * 0.55), even(c.height * 0.5)
    number = len(c.inputs)
    c.inputs.append(c.rng.choice(PHOTOS))
    head = c.chain(
        f"[{number}:v]scale={wide}:{tall}:force_original_aspect_ratio=increase,crop={wide}:{tall},format=yuva420p,"
        f"geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='255*clip(8*(1-hypot((X-W/2)/(W/2),(Y-H/2)/(H/2))),0,1)',setsar=1,"
        f"loop=loop={c.frames - 1}:size=1,{c.cut(c.frames)}"
    )
    room = c.photo(c.frames, 1.0, f",gblur=sigma={c.rng.randint(4, 14)}")
    x, y = f"(W-w)/2+{c.between(8, 24)}*sin(t*{c.between(0.7, 2)})", f"(H-h)*0.55+{c.between(4, 14)}*sin(t*{c.between(2, 5)})"
    mouth = f"drawbox=x={even(c.width * 0.45)}:y={even(c.height * 0.6)}:w={even(c.width * 0.1)}:h=40:color=0x502020:t=fill:enable='gt(sin(t*{c.between(9, 16)}),0.2)'"
    return c.chain(f"overlay=x='{x}':y='{y}':eval=frame,{mouth},noise=c0s={c.rng.randint(2, 5)}:c0f=t+u,format=yuv420p", room, head)


def pan60(c):
    return c.seen(c.photo(c.frames, 1.7), f"0.5+0.5*sin(t*{c.between(0.8, 1.8)})", f"0.5+0.5*cos(t*{c.between(0.3, 0.9)})", 1.7)


def grain24(c):
    shots = []
    for n in c.parts(3, 5):
        shot = c.seen(c.photo(n, 1.25), f"0.5+0.45*sin(t*{c.between(0.2, 0.5)})+0.004*sin(t*31)", "0.5+0.01*sin(t*27)", 1.25)
        shots.append(shot)
    return c.chain(f"eq=contrast=0.92:gamma={c.between(0.85, 1.1)},noise=c0s={c.rng.randint(9, 17)}:c0f=t+u", c.joined(shots))


def stage(c):
    """Lights that pulse over a scene: fades that motion cannot tell."""
    seen = c.seen(c.photo(c.frames, 1.25), f"0.5+0.5*sin(t*{c.between(0.4, 1)})", "0.5", 1.25)
    beat = c.between(2, 3.5)
    return c.chain(f"eq=brightness='-0.25+0.35*pow(abs(sin(t*{beat})),6)':eval=frame,hue=h='{c.rng.randint(20, 90)}*sin(t*{c.between(1, 3)})'", seen)


def water(c):
    flow = c.clouds(c.frames, c.rng.randint(24, 60), c.rng.randint(2, 4))
    under = c.seen(c.photo(c.frames, 1.3), f"0.5+0.5*sin(t*{c.between(0.2, 0.5)})", "0.5", 1.3)
    return c.chain(f"blend=c0_mode={c.one_of('softlight', 'overlay', 'screen')}:c0_opacity={c.between(0.5, 0.9)}", under, flow)


def fractal(c):
    return c.source(f"mandelbrot=s=540x960:r={c.fps}:start_scale={c.between(0.05, 0.8)}:end_scale=0.0001:end_pts={c.rng.randint(150, 400)}:start_x=-0.7436438:start_y=-0.1318259", c.frames)


# kind: how it is made, the rates and the sizes that it comes in
KINDS = {
    "flat-then-wild": (flat_then_wild, [30], [UPRIGHT, UPRIGHT, WIDE]),
    "still-then-burst": (still_then_burst, [30, 25], [UPRIGHT, SMALL]),
    "cuts": (cuts, [30, 24], [UPRIGHT, WIDE]),
    "fades": (fades, [30, 25], [UPRIGHT, WIDE]),
    "grain-comes-goes": (grain_comes_goes, [30, 24], [UPRIGHT, WIDE]),
    "still-overlay": (still_overlay, [30], [UPRIGHT]),
    "rain": (rain, [30, 25], [UPRIGHT, WIDE]),
    "confetti": (confetti, [30], [UPRIGHT, SMALL]),
    "scrolling-page": (scrolling_page, [30, 60], [UPRIGHT]),
    "typing": (typing, [30], [UPRIGHT]),
    "slide-show": (slide_show, [30, 25], [UPRIGHT, OLD]),
    "shake": (shake, [30], [UPRIGHT, UPRIGHT, WIDE]),
    "whip": (whip, [30], [UPRIGHT, WIDE]),
    "dark-gradients": (dark_gradients, [30, 24], [UPRIGHT, WIDE]),
    "talking-head": (talking_head, [30, 25], [UPRIGHT, WIDE]),
    "pan60": (pan60, [60], [WIDE, UPRIGHT]),
    "grain24": (grain24, [24], [WIDE, OLD]),
    "stage": (stage, [30, 25], [UPRIGHT, WIDE]),
    "water": (water, [30, 24], [UPRIGHT, WIDE]),
    "fractal": (fractal, [30], [UPRIGHT, SMALL]),
}


def plan(seed):
    """Size, rate and length of every kind under this seed."""
    rng = random.Random(f"lengths {seed}")
    lengths = LENGTHS + [8, 12]
    rng.shuffle(lengths)
    # one film of the full minute in each set
    longest = rng.choice([i for i, kind in enumerate(KINDS) if kind in ("grain24", "slide-show", "talking-head", "cuts", "shake")])
    lengths[longest] = 60
    return {kind: (rng.choice(sizes), rng.choice(rates), lengths[i]) for i, (kind, (_, rates, sizes)) in enumerate(KINDS.items())}


def make(kind, seed, size, fps, seconds, path):
    clip = Clip(random.Random(f"{kind} {seed}"), size, fps, seconds)
    out = KINDS[kind][0](clip)
    clip.chains.append(f"{out}format=yuv420p,setsar=1,{clip.cut(clip.frames)}[picture]")
    tone = clip.rng.randint(110, 440)
    clip.chains.append(
        f"sine=f={tone}:r=48000,tremolo=f={clip.between(1, 5)}:d=0.7[tone];anoisesrc=c=pink:a=0.05:r=48000:seed={seed}[hiss];"
        f"[tone][hiss]amix=inputs=2,aformat=channel_layouts=stereo,atrim=end={seconds}[sound]"
    )
    words = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-filter_complex_threads", "1"]
    for photo in clip.inputs:
        words += ["-framerate", str(fps), "-i", str(photo)]
    unfinished = path.with_name("." + path.name)
    words += ["-filter_complex", ";".join(clip.chains), "-map", "[picture]", "-map", "[sound]", "-r", str(fps)]
    words += ["-frames:v", str(clip.frames), "-c:v", "libx264", "-preset", "superfast", "-crf", "12", "-g", str(2 * fps)]
    words += ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
    words += ["-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart", str(unfinished)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        unfinished.unlink(missing_ok=True)
        sys.exit(f"{kind}: {done.stderr.strip()[-1500:]}\n{' '.join(words)}")
    unfinished.rename(path)


def main():
    parser = argparse.ArgumentParser(description="Makes clips of uneven difficulty, to measure films by.")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--seconds", type=int, help="every clip so long; without it, 3 to 60 s by the seed")
    parser.add_argument("--only", default=".", metavar="REGEX", help="only kinds that this finds")
    parser.add_argument("--seed", type=int, default=1, help="another number gives other clips (default 1)")
    parser.add_argument("--list", action="store_true", help="tells what would be made, and makes nothing")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for kind, (size, fps, seconds) in plan(given.seed).items():
        if not re.search(given.only, kind):
            continue
        seconds = given.seconds or seconds
        path = given.folder / f"{kind}-{given.seed}.mp4"
        print(f"{path}: {size[0]}x{size[1]}, {fps} fps, {seconds} s", flush=True)
        if not given.list and not path.exists():
            make(kind, given.seed, size, fps, seconds, path)


if __name__ == "__main__":
    main()
