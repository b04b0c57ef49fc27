#!/bin/sh
# Renders the samples, publishes them to a sandbox, and shows what is live. Ends with the sandbox's page and the studio
# beside it, which stay until Ctrl-C; without a terminal it says what is live and stops.
# usage: tools/demo.sh PROGRAM [PORT]
set -eu

program=$1
port=${2:-8026}
mkdir -p out
told=out/sandbox.json

"$program" sandbox --port "$port" --data out/.sandbox --json >"$told" 2>out/sandbox.log &
sandbox=$!
studio=
end() {
    trap '' INT TERM
    # the studio first: it asks the sandbox
    for one in $studio $sandbox; do
        kill "$one" 2>/dev/null || :
        wait "$one" 2>/dev/null || :
    done
}
trap end EXIT
trap 'exit 130' INT TERM

# the address that a program says on its first line; "" where it ended before. usage: address FILE PID
address() {
    waited=0
    until found=$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' "$1") && [ -n "$found" ]; do
        kill -0 "$2" 2>/dev/null || return 0
        waited=$((waited + 1))
        [ "$waited" -lt 300 ] || return 0
        sleep 0.1
    done
    echo "$found"
}

url=$(address "$told" "$sandbox")
[ -n "$url" ] || {
    cat out/sandbox.log >&2
    echo "demo: the sandbox did not start; is port $port taken? PORT=0 make demo takes a free one" >&2
    exit 1
}

"$program" render templates/menu.toml --data templates/data/menu.csv -o out --publish --sandbox "$url"
"$program" render templates/news.toml --data templates/data/feed.xml -o out --publish --sandbox "$url"
"$program" render templates -o out --sheet --guides --publish --sandbox "$url"

echo
echo "The pictures are in $PWD/out; sheet.png shows all of them, NAME.guides.png what the app will cover."
echo "What is live stands at $url"
if [ -t 1 ]; then
    (umask 077 && : >out/studio.json)
    "$program" studio --listen 127.0.0.1:0 --no-open --sandbox="$url" --json >out/studio.json 2>out/studio.log &
    studio=$!
    address=$(address out/studio.json "$studio")
    # the address lets one browser in: it does not stay in a file
    rm -f out/studio.json
    case $address in
    '') cat out/studio.log >&2 ;;
    *) echo "The studio of these files, once: $address" ;;
    esac
    echo "Ctrl-C ends both."
    # from here on it is how the demo ends
    trap 'echo; exit 0' INT TERM
    wait "$sandbox"
else
    "$program" status
fi
