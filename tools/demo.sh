#!/bin/sh
# Renders the samples, publishes them to a sandbox, and shows what is live. Ends with the sandbox's page, which stays
# until Ctrl-C; without a terminal it says what is live and stops.
# usage: tools/demo.sh PROGRAM [PORT]
set -eu

program=$1
port=${2:-8026}
mkdir -p out
told=out/sandbox.json

"$program" sandbox --port "$port" --data out/.sandbox --json >"$told" 2>out/sandbox.log &
sandbox=$!
trap 'kill "$sandbox" 2>/dev/null || :; wait "$sandbox" 2>/dev/null || :' EXIT
trap 'exit 130' INT TERM

waited=0
until url=$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' "$told") && [ -n "$url" ]; do
    kill -0 "$sandbox" 2>/dev/null || {
        cat out/sandbox.log >&2
        echo "demo: the sandbox did not start; is port $port taken? PORT=0 make demo takes a free one" >&2
        exit 1
    }
    waited=$((waited + 1))
    [ "$waited" -lt 300 ] || exit 1
    sleep 0.1
done

"$program" render templates/menu.toml --data templates/data/menu.csv -o out --publish --sandbox "$url"
"$program" render templates/news.toml --data templates/data/feed.xml -o out --publish --sandbox "$url"
"$program" render templates -o out --sheet --guides --publish --sandbox "$url"

echo
echo "The pictures are in $PWD/out; sheet.png shows all of them, NAME.guides.png what the app will cover."
echo "What is live stands at $url"
if [ -t 1 ]; then
    echo "Ctrl-C ends the sandbox."
    wait "$sandbox"
else
    "$program" status
fi
