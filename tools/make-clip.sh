#!/bin/sh
# Makes assets/clips/lights.mp4 with the ffmpeg command: lights out of focus that drift over a dark room, and a beat at
# 120 a minute. Takes a few minutes; the clip is CC0. Another FFmpeg writes other bytes of the same look.
set -eu
cd "$(dirname "$0")/.."
mkdir -p assets/clips

# x, y as parts of the frame, radius, red, green, blue, drift across and down, turns in eight seconds, phase
lights='
0.18 0.30 20 255 46 120  9  6 2 0.0
0.74 0.24 26 255 176 59  -7 9 1 1.1
0.52 0.50 15 255 46 120  11 -5 3 2.3
0.10 0.62 22 116 52 255  7 -8 2 3.0
0.88 0.55 13 255 116 77  -9 -6 3 4.2
0.40 0.10 11 154 77 255  6 7 2 5.1
0.64 0.74 19 255 46 120  -6 -7 1 0.7
0.30 0.44 8  255 204 116 12 4 3 2.9
0.92 0.12 9  255 46 120  -8 6 2 1.9
0.58 0.34 7  255 235 205 8  9 2 0.4
0.24 0.80 12 255 140 60  9 -9 1 3.7
0.80 0.86 16 116 52 255  -10 5 2 5.6
0.46 0.64 6  255 220 170 -8 8 3 1.4
0.06 0.14 14 255 90 70   6 9 1 2.2
'

# the sum of all lights in one channel, over the room's own colour
channel() {
    printf '%s' "$lights" | awk -v c="$1" -v room="$2" 'NF == 10 {
        turn = sprintf("(2*PI*%s*T/8+%s)", $9, $10)
        sum = sum sprintf("+%d*(0.62+0.38*sin(2*%s))*clip((%s-hypot(X-%s*W-%s*sin%s,Y-%s*H-%s*cos%s))/2.5,0,1)", \
            $(3 + c) * 0.72, turn, $3, $1, $7, turn, $2, $8, turn)
    } END { printf "clip(%s%s,0,255)", room, sum }'
}

ffmpeg -y -v error \
    -f lavfi -i "color=black:s=135x240:r=30:d=8" \
    -f lavfi -i "aevalsrc='0.7*sin(2*PI*52*t+6*exp(-30*mod(t,0.5)))*exp(-7*mod(t,0.5))+0.05*(random(0)-0.5)*exp(-40*mod(t+0.25,0.5))':s=48000:d=8" \
    -filter_complex "[0:v]format=gbrp,geq=r='$(channel 1 18)':g='$(channel 2 7)':b='$(channel 3 28)',scale=1080:1920:flags=bicubic,gblur=sigma=4,noise=alls=3:allf=t,format=yuv420p[v]" \
    -map '[v]' -map 1:a -c:v libx264 -preset slow -crf 24 -g 60 \
    -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv \
    -c:a aac -b:a 96k -movflags +faststart -map_metadata -1 assets/clips/lights.mp4
