#!/usr/bin/env bash
# Holds `storypress transcode` against the two-pass script that a careful user would write, in turn, on one clip.
#
#   tools/bench-film.sh CLIP [RUNS=3]
#
# Both aim at 8,000,000 bytes, at the size that storypress chose; the clip should be 9:16 already, so that both show the same.
# A line a run: CPU seconds of each, their ratio, bytes, SSIM to the clip at 1080×1920, and VMAF where FFMPEG_VMAF names an ffmpeg
# that has it. STORYPRESS names the program to measure; without it, the release build is made and taken.
set -euo pipefail
clip=$(realpath "$1")
runs=${2:-3}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ -z "${STORYPRESS:-}" ]; then
    cargo build --locked --release --quiet
    STORYPRESS=target/release/storypress
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# CPU seconds of a command and its children, user and system
cpu() {
    local TIMEFORMAT='%U %S'
    { time "$@" >"$work/said" 2>&1; } 2>&1 | awk '{ printf "%.1f", $1 + $2 }'
}

fact() { ffprobe -v error -select_streams v:0 -show_entries "$1" -of default=nw=1:nk=1 "$2" | head -n 1; }

ours() { "$STORYPRESS" transcode "$clip" -o "$work/ours" --quiet; }

theirs() {
    local width=$1 height=$2 rate=$3
    local seconds bits
    seconds=$(fact format=duration "$clip")
    # 7.8 MB leave room for the index; 96 kbit/s are the sound's
    bits=$(awk -v s="$seconds" 'BEGIN { print int((7800000 * 8 / s - 96000 * 1.02) / 1000) }')
    local common=(-v error -y -nostdin -i "$clip" -vf "scale=$width:$height:flags=bicubic,fps=$rate,format=yuv420p"
        -c:v libx264 -preset fast -b:v "${bits}k" -g 60 -passlogfile "$work/log")
    ffmpeg "${common[@]}" -pass 1 -an -f mp4 /dev/null
    ffmpeg "${common[@]}" -pass 2 -c:a aac -b:a 96k -movflags +faststart -use_editlist 0 "$work/theirs.mp4"
}

# untagged and tagged films are one and the same to these filters only when they are told so
same='setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv,scale=1080:1920:flags=bicubic'

ssim() {
    ffmpeg -v info -nostdin -i "$1" -i "$clip" -lavfi "[0:v]$same,setpts=N/TB/$2[a];[1:v]$same,fps=$2,setpts=N/TB/$2[b];[a][b]ssim" \
        -f null - 2>&1 | sed -n 's/.*SSIM Y:\([0-9.]*\).*/\1/p'
}

vmaf() {
    [ -n "${FFMPEG_VMAF:-}" ] || { echo -; return; }
    "$FFMPEG_VMAF" -v info -nostdin -i "$1" -i "$clip" \
        -lavfi "[0:v]$same,setpts=N/TB/$2[a];[1:v]$same,fps=$2,setpts=N/TB/$2[b];[a][b]libvmaf=n_subsample=7:n_threads=2" \
        -f null - 2>&1 | sed -n 's/.*VMAF score: \([0-9.]*\).*/\1/p'
}

printf '%-10s %8s %10s %8s %8s\n' who cpu_s bytes ssim vmaf
for _ in $(seq "$runs"); do
    own=$(cpu ours)
    film=$(ls "$work"/ours/*.mp4)
    width=$(fact stream=width "$film")
    height=$(fact stream=height "$film")
    rate=$(fact stream=r_frame_rate "$film")
    other=$(cpu theirs "$width" "$height" "$rate")
    for who in ours theirs; do
        [ "$who" = ours ] && file=$film spent=$own || { file=$work/theirs.mp4; spent=$other; }
        printf '%-10s %8s %10s %8s %8s\n' "$who" "$spent" "$(stat -c %s "$file")" "$(ssim "$file" "$rate")" "$(vmaf "$file" "$rate")"
    done
    awk -v a="$own" -v b="$other" -v w="$width" -v h="$height" 'BEGIN { printf "ratio      %8.2f at %dx%d\n", a / b, w, h }'
done
