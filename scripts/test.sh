#!/usr/bin/env bash
# Runs every test of the workspace, in release: the binary that is tested is the one that is
# shipped, and nothing heavy is built twice. Arguments go to the test runner.
set -euo pipefail
cd "$(dirname "$0")/.."

# Whole-binary tests keep hundreds of connections open.
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true

if cargo nextest --version >/dev/null 2>&1; then
    # Runs everything even after a failure: one run shows all there is to mend.
    exec cargo nextest run --release --workspace --no-fail-fast "$@"
fi
exec cargo test --release --workspace --no-fail-fast "$@"
