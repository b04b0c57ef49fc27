#!/bin/sh
# Sees to the tools and system libraries that the build needs; installs those that are missing on Debian and Ubuntu.
# On other systems it says what is missing and goes on. Nothing happens, and nobody is asked, when all are there.
set -eu

# what to look for, and the package that brings it
needed='
command:cc            gcc
command:c++           g++
command:cmake         cmake
command:nasm          nasm
command:pkg-config    pkg-config
header:stdlib.h       libc6-dev
library:libde265      libde265-dev
command:clang         clang
libclang              libclang-dev
library:libavcodec    libavcodec-dev
library:libavfilter   libavfilter-dev
library:libavformat   libavformat-dev
library:libavutil     libavutil-dev
library:libswscale    libswscale-dev
library:libswresample libswresample-dev
command:ffmpeg        ffmpeg
command:python3       python3
venv                  python3-venv
av1                   libdav1d-dev
postgres              postgresql
command:node          nodejs
command:npm           npm
browser               chromium
'

is_there() {
    case $1 in
    command:*) command -v "${1#command:}" >/dev/null 2>&1 ;;
    header:*) printf '#include <%s>\n' "${1#header:}" | cc -E -x c - >/dev/null 2>&1 ;;
    library:*) pkg-config --exists "${1#library:}" 2>/dev/null ;;
    # bindgen looks for it by this name
    libclang) find /usr/lib /usr/lib64 -name 'libclang.so*' -o -name 'libclang-[0-9]*.so*' 2>/dev/null | grep -q . ;;
    # the tests put files into a server of Python packages; ensurepip is what Debian leaves out
    venv) python3 -c 'import ensurepip, venv' >/dev/null 2>&1 ;;
    # the tests of the store start a server of their own
    postgres) find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | grep -q . ;;
    # either will do
    browser) command -v chromium-headless-shell >/dev/null 2>&1 || command -v chromium >/dev/null 2>&1 ;;
    # either decoder will do
    av1) pkg-config --exists 'dav1d >= 1.0' 2>/dev/null || pkg-config --exists aom 2>/dev/null ;;
    esac
}

# Ubuntu 22.04 has a dav1d that libheif no longer builds with
dav1d_is_old() {
    apt-cache show --no-all-versions libdav1d-dev 2>/dev/null | grep -q '^Version: 0\.'
}

# Debian's, without windows: it does the same work in less time
has_headless_shell() {
    apt-cache show chromium-headless-shell >/dev/null 2>&1
}

# the packages that are missing, on one line
missing() {
    printf '%s' "$needed" | while read -r what package; do
        if [ -z "$what" ] || is_there "$what"; then
            continue
        elif [ "$what" = av1 ] && dav1d_is_old; then
            package=libaom-dev
        elif [ "$what" = browser ] && has_headless_shell; then
            package=chromium-headless-shell
        fi
        printf '%s ' "$package"
    done
}

if ! command -v cargo >/dev/null 2>&1; then
    echo 'setup: Rust is needed, 1.95 or newer: https://rustup.rs' >&2
    exit 1
fi

if pkg-config --exists 'dav1d < 1.0' 2>/dev/null; then
    echo 'setup: this dav1d is older than 1.0, and libheif does not build with it; remove it: apt-get remove libdav1d-dev' >&2
    exit 1
fi

packages=$(missing)
[ -n "$packages" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: missing, by their Debian names: $packages" >&2
    echo 'setup: going on; the build says so if it cannot do without them' >&2
    exit 0
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
    # without a terminal nobody could type a password
    if ! command -v sudo >/dev/null 2>&1 || { [ ! -t 0 ] && ! sudo -n true 2>/dev/null; }; then
        echo "setup: missing; run this as root: apt-get install $packages" >&2
        exit 1
    fi
    as_root=sudo
fi

apt() {
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >&2
}
# a foreign source that does not answer is no reason to stop
apt update || echo 'setup: the package lists may be old' >&2
# which packages they are can depend on the lists
packages=$(missing)
echo "setup: installing $packages" >&2
case " $packages " in
*' postgresql '*)
    # only its programs are wanted: without this the package makes a cluster and starts it
    if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        $as_root mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' | $as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    ;;
esac
# shellcheck disable=SC2086
apt install -y --no-install-recommends $packages || {
    echo "setup: could not install; run this as root: apt-get install $packages" >&2
    exit 1
}

packages=$(missing)
[ -z "$packages" ] || {
    echo "setup: still missing after the installation: $packages" >&2
    exit 1
}
