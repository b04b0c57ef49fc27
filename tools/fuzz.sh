#!/usr/bin/env bash
# Runs every fuzz target for a while, with AddressSanitizer where a nightly toolchain is there.
# Usage: tools/fuzz.sh [SECONDS [TARGET…]]; 60 seconds and all of fuzz/fuzz_targets by default.
#        tools/fuzz.sh replay FOLDER: only the inputs that a run would begin with, by the programs in FOLDER.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# the folders of inputs that a target begins with
seeds() {
    case $1 in
    template | value) echo templates tests/goldens tests/errors ;;
    data | bytes) echo tests/corpus ;;
    svg | picture) echo tests/goldens tests/pictures ;;
    film) echo tests/film ;;
    esac
}

all=()
for file in fuzz/fuzz_targets/*.rs; do all+=("$(basename "$file" .rs)"); done

if [ "${1-}" = replay ]; then
    for target in "${all[@]}"; do
        # shellcheck disable=SC2046 # folders without spaces
        if ! told=$("$2/$target" $(seeds "$target") -runs=0 -timeout=60 -rss_limit_mb=4096 -max_len=65536 \
            -artifact_prefix="$2/$target-" 2>&1); then
            echo "$told"
            exit 1
        fi
        echo "fuzz target $target: $(grep -o 'seed corpus: files: [0-9]*' <<<"$told" | grep -o '[0-9]*$') inputs"
    done
    exit
fi

seconds=${1:-60}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=("${all[@]}")

# what cargo-fuzz gives the compiler
flags="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 --cfg fuzzing"
flags+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
flags+=" -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0"
if rustc +nightly --version >/dev/null 2>&1; then
    toolchain=+nightly
    flags+=" -Zsanitizer=address"
else
    toolchain=
    echo "no nightly toolchain: without a sanitizer, only panics and failed assertions are found"
fi
host=$(rustc -vV | sed -n 's/^host: //p')

# with a target of its own, build scripts stay as they are
RUSTFLAGS=$flags cargo ${toolchain:+"$toolchain"} build --locked --profile fuzz -p storypress-fuzz \
    --target "$host" --target-dir fuzz/target "${targets[@]/#/--bin=}"

failed=()
for target in "${targets[@]}"; do
    mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
    echo "== $target, $seconds s"
    # shellcheck disable=SC2046 # folders without spaces
    ASAN_OPTIONS=detect_leaks=0 "fuzz/target/$host/fuzz/$target" "fuzz/corpus/$target" \
        $(for folder in $(seeds "$target"); do [ -d "$folder" ] && echo "$folder"; done) \
        -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -max_len=65536 -print_final_stats=1 \
        -artifact_prefix="fuzz/artifacts/$target/" >"fuzz/artifacts/$target.log" 2>&1 || failed+=("$target")
    grep -E '^stat::(number_of_executed_units|new_units_added)|SUMMARY|panicked at' "fuzz/artifacts/$target.log" || true
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "failed: ${failed[*]}; the inputs are in fuzz/artifacts, the output beside them"
    exit 1
fi
