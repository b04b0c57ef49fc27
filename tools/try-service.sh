#!/bin/sh
# Tries the unit of the package inside a system that runs: see try-deb.sh, which starts it.
# usage: tools/try-service.sh LEADER      the process that is the first one in there
set -eu

leader=$1
within() { nsenter --target "$leader" --mount --uts --ipc --net --pid -- env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"; }
fail() {
    echo "try-service: $*" >&2
    within journalctl --no-pager -n 30 -u 'storypress*' >&2 || :
    exit 1
}
# asks again for a while
becomes() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || return 1
        sleep 0.3
    done
}
unit=storypress-worker@cafe.service

# a platform inside, and a project as it is brought there
within systemd-run --quiet --unit=sandbox storypress sandbox --port 8026 --data /srv/sandbox
becomes within sh -c 'storypress account status --sandbox http://127.0.0.1:8026 2>/dev/null' || fail 'no sandbox'
within sh -ec 'mkdir -p /var/lib/storypress /etc/storypress && cp -r ~/cafe /var/lib/storypress/cafe && cd /var/lib/storypress/cafe
    rm -rf .storypress film'
# a secret as a file of another owner, which systemd hands over
within sh -ec 'umask 077; echo IGAAnothing >/etc/storypress/cafe.main
    mkdir -p /etc/systemd/system/storypress-worker@cafe.service.d
    printf "[Service]\nLoadCredential=main:/etc/storypress/cafe.main\nExecStart=\nExecStart=/usr/bin/storypress worker --sandbox http://127.0.0.1:8026\n" \
        >/etc/systemd/system/storypress-worker@cafe.service.d/sandbox.conf
    systemctl daemon-reload'
within systemctl enable --quiet --now "$unit" || fail 'it does not start'
becomes within systemctl is-active --quiet "$unit" || fail 'it does not run'
sleep 2
pid=$(within systemctl show -P MainPID "$unit")
# the range of dynamic users
uid=$(within stat -c %u "/proc/$pid")
[ "$uid" -ge 61184 ] && [ "$uid" -le 65519 ] || fail "it runs as user $uid"
within test -r "/run/credentials/$unit/main" || fail 'the secret is not there'

# whoever commands the project does so as its service, also while it runs
within storypress-run cafe status >/dev/null || fail 'storypress-run fails'
at=$(date -u -d '+3 seconds' +%FT%TZ)
within storypress-run cafe publish out/offer.jpg --at "$at" --sandbox http://127.0.0.1:8026 || fail 'nothing can be planned'
is_live() { within storypress-run cafe status --json --all 2>/dev/null | grep -q '"state":"live"'; }
becomes is_live || fail 'what was planned is not live'
code=0
within storypress-run cafe status no-such-id >/dev/null 2>&1 || code=$?
[ "$code" -eq 2 ] || fail "storypress-run ends with $code, and the command with 2"

# a film in there: threads of x264 under the unit's limits
within storypress-run cafe render templates/offer.toml --format mp4 -o film -q || fail 'no film under the limits of the unit'
within systemctl restart "$unit" || fail 'it does not start again'
within systemctl stop "$unit" || fail 'it does not stop'
[ "$(within systemctl show -P Result "$unit")" = success ] || fail 'a stop is no success'
within systemctl start "$unit"
[ -n "$(within find /var/lib/private/storypress/cafe/.storypress -name store.db)" ] || fail 'the state is elsewhere'
within systemd-analyze security "$unit" --no-pager | tail -1
echo 'the service holds'
