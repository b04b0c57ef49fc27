#!/bin/sh
# Makes the scripts of the pages, src/studio/dist, of the sources here: the editor, its text, the comfort of the others. The same sources give the same bytes; CI compares them.
# Needs node and npm; building Storypress does not.
set -eu
cd "$(dirname "$0")"
out=${1:-../src/studio/dist}
[ -x node_modules/.bin/esbuild ] || npm ci --no-audit --no-fund --ignore-scripts
node_modules/.bin/tsc --noEmit
mkdir -p "$out"
bundle() {
    node_modules/.bin/esbuild "$1" --bundle --format=esm --target=es2022 --minify --legal-comments=none --charset=utf8 \
        --jsx=automatic --jsx-import-source=preact --log-level=warning --outfile="$2"
}
bundle src/main.tsx "$out/edit.js"
bundle src/code.ts "$out/code.js"
bundle src/comfort.ts "$out/comfort.js"
# the licences of what is in the bundle ask to go with it
licences() {
    for package in $(node -p 'Object.entries(require("./package-lock.json").packages).filter(([n, p]) => n && !p.dev && !p.optional).map(([n]) => n).sort().join(" ")'); do
        printf '%s\n\n' "== ${package#node_modules/} $(node -p "require('./$package/package.json').version")"
        cat "$package/LICENSE"
        echo
    done
}
licences >"$out/licences.txt"
