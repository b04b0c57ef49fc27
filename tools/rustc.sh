#!/usr/bin/env bash
# Stands in for rustc while the crate and its tests are built (RUSTC_WORKSPACE_WRAPPER): clippy compiles them, and says what it
# finds on the way. The library is optimised, since a film takes three times as long to make where it is not; its
# tests are not, since they would take four times as long to build.
set -euo pipefail

for word; do
    case $word in
    --test) tests=yes ;;
    lib) library=yes ;;
    esac
done
[[ -z ${library-} || -n ${tests-} ]] || set -- "$@" -Copt-level=1
exec clippy-driver "$@"
