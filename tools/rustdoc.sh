#!/usr/bin/env bash
# Stands in for rustdoc while `cargo test --doc` runs the examples: writes the documentation first, every warning an error.
# `cargo doc` would have all dependencies checked for that, in minutes; `cargo test` has them built already.
set -euo pipefail

documentation=()
for word; do
    [[ $word == --test ]] || documentation+=("$word")
done
rustdoc "${documentation[@]}" -D warnings --out-dir "${CARGO_TARGET_DIR:-target}/doc"
exec rustdoc "$@"
