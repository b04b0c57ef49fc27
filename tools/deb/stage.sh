#!/bin/sh
# Makes what goes into the Debian package beside the program: man pages, completions, licences of what is linked in.
# usage: tools/deb/stage.sh PROGRAM FOLDER
set -eu

program=$1
to=$2
if ! command -v dpkg-shlibdeps >/dev/null 2>&1; then
    # without it the package would depend on nothing, and say so nowhere
    echo 'deb: dpkg-shlibdeps is needed: apt-get install dpkg-dev' >&2
    exit 1
fi
# FFmpeg is opened by the program itself, so that nobody else can tell the package which release it needs
for library in avcodec avfilter avformat avutil swresample swscale; do
    release=$(pkg-config --modversion "lib$library" | cut -d. -f1)
    grep -q "^depends = .*\\blib$library$release\\b" Cargo.toml || {
        echo "deb: the program needs lib$library$release, and Cargo.toml names another one in 'depends'" >&2
        exit 1
    }
done
rm -rf "$to"
mkdir -p "$to/man" "$to/completions"
"$program" man --all "$to/man"
for shell in bash zsh fish; do
    "$program" completions "$shell" >"$to/completions/$shell"
done
tools/deb/licences.py >"$to/third-party-licences.txt"
gzip -9n "$to/third-party-licences.txt"
