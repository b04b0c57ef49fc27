#!/bin/sh
# Tries the Debian package where nothing of this machine is: a new Debian 12, in which apt resolves what it depends on.
# usage: tools/try-deb.sh PACKAGE.deb [FOLDER]      as root; needs debootstrap and Debian's mirror
# FOLDER keeps the bare Debian for the next time. With systemd-nspawn on the machine, and where that can start a system,
# the service is tried as well: started, asked, stopped, upgraded.
set -eu

package=$(realpath "$1")
base=${2:-}
mirror=${MIRROR:-http://deb.debian.org/debian}
work=$(mktemp -d)
root=$work/root
booted=
step() { printf '\n== %s\n' "$*"; }
fail() {
    echo "try-deb: $*" >&2
    exit 1
}
clean() {
    [ -z "$booted" ] || machinectl terminate "$booted" 2>/dev/null || kill "$nspawn" 2>/dev/null || :
    umount "$root/proc" 2>/dev/null || :
    rm -rf --one-file-system "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM
[ "$(id -u)" -eq 0 ] || fail 'this needs root'

step 'a new Debian'
if [ -z "$base" ]; then
    base=$work/base
fi
if [ ! -e "$base/etc/debian_version" ]; then
    debootstrap --variant=minbase bookworm "$base" "$mirror" >"$work/debootstrap.log" || {
        tail "$work/debootstrap.log" >&2
        fail 'no Debian could be made'
    }
fi
cp -a "$base" "$root"
cp /etc/resolv.conf "$root/etc/resolv.conf"
# no service starts in a chroot
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
mount -t proc proc "$root/proc"
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }

step 'apt installs it, with what it depends on and no more'
cp "$package" "$root/tmp/storypress.deb"
inside apt-get -qq update
inside apt-get -qq -y --no-install-recommends install /tmp/storypress.deb >"$work/apt.log" 2>&1 || {
    tail -20 "$work/apt.log" >&2
    fail 'apt could not install it'
}
inside ldd /usr/bin/storypress | grep 'not found' && fail 'a library is missing'

step 'it runs'
inside storypress --version
inside sh -ec 'cd ~ && storypress new cafe -q && cd cafe && storypress render templates -o out && storypress verify out/*.jpg -q'
[ "$(find "$root/root/cafe/out" -name '*.jpg' | wc -l)" -eq 2 ] || fail 'two pictures were to come'
inside sh -ec 'cd ~/cafe && storypress render templates -o out --sandbox --json >/tmp/report.json'
grep -q '"state":"live"' "$root/tmp/report.json" || fail 'nothing went live in the sandbox'
inside sh -ec 'cd ~/cafe && storypress render templates/offer.toml --format mp4 -o film -q && storypress verify film/offer.mp4 -q'
# fontconfig is opened when a family of the system is asked for
inside sh -ec 'cd ~/cafe && printf "[[layer]]\ntype = \"text\"\ntext = \"x\"\nfont = \"DejaVu Sans\"\n" >templates/face.toml
    storypress check templates/face.toml'

step 'its pages, completions, licences'
inside apt-get -qq -y --no-install-recommends install man-db bash-completion systemd >"$work/apt.log" 2>&1 || fail 'no man-db'
for page in storypress storypress-render storypress-worker storypress-store-backup storypress-run; do
    inside man -P cat "$page" >"$work/page" 2>/dev/null || fail "no page $page"
    grep -q SYNOPSIS "$work/page" || fail "page $page says nothing"
done
inside bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader storypress; complete -p storypress' || fail 'no completion'
for doc in copyright changelog.gz third-party-licences.txt.gz operating.md; do
    [ -s "$root/usr/share/doc/storypress/$doc" ] || fail "no $doc"
done

step 'the unit'
inside systemd-analyze verify /usr/lib/systemd/system/storypress-worker@.service || fail 'systemd does not like the unit'
inside systemd-analyze security --offline=true --threshold=20 /usr/lib/systemd/system/storypress-worker@.service |
    tail -1 || fail 'the unit is open'

# the system inside, and a command in it
boot() {
    command -v systemd-nspawn >/dev/null || return 1
    umount "$root/proc"
    rm -f "$root/usr/sbin/policy-rc.d"
    inside systemd-machine-id-setup >/dev/null 2>&1 || :
    booted=storypress-try-$$
    systemd-nspawn --quiet --register=no --keep-unit --machine="$booted" --directory="$root" --boot \
        systemd.unit=multi-user.target >"$work/boot.log" 2>&1 &
    nspawn=$!
    waited=0
    until leader=$(pgrep -P "$nspawn" | head -1) && [ -n "$leader" ] && within systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'; do
        kill -0 "$nspawn" 2>/dev/null && [ "$waited" -lt 120 ] || return 1
        waited=$((waited + 1))
        sleep 1
    done
}
within() { nsenter --target "$leader" --mount --uts --ipc --net --pid -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"; }

step 'the service'
if ! grep -q NOTIFY_SOCKET "$root/usr/bin/storypress"; then
    mkdir -p "$root/etc/systemd/system/storypress-worker@.service.d"
    printf '[Service]\nType=exec\nWatchdogSec=0\n' >"$root/etc/systemd/system/storypress-worker@.service.d/try.conf"
    echo 'this program does not tell systemd that it is ready: tried as Type=exec'
fi
if boot; then
    tools=$(dirname "$(realpath "$0")")
    "$tools/try-service.sh" "$leader" || fail 'the service does not hold; see above'
    within poweroff || :
    wait "$nspawn" || :
    booted=
    mount -t proc proc "$root/proc"
else
    tail -5 "$work/boot.log" 2>/dev/null || :
    echo 'no system can be started here: the service was not tried'
    mkdir -p "$root/var/lib/storypress/cafe"
    touch "$root/var/lib/storypress/cafe/store.db"
fi

step 'upgrade and removal keep the state, purge removes it and says so'
inside dpkg -i /tmp/storypress.deb >/dev/null
[ -n "$(find "$root/var/lib" -name store.db)" ] || fail 'an upgrade lost the memory'
inside dpkg -r storypress >"$work/dpkg.log" 2>&1
[ -n "$(find "$root/var/lib" -name store.db)" ] || fail 'a removal lost the memory'
grep -q 'purge removes them' "$work/dpkg.log" || fail 'a removal does not say what stays'
inside dpkg -P storypress >"$work/dpkg.log" 2>&1
[ -z "$(find "$root/var/lib" -name store.db)" ] || fail 'a purge left the memory'
grep -q 'removing /var/lib/' "$work/dpkg.log" || fail 'a purge does not say what goes'
echo
echo 'the package holds'
