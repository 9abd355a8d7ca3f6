#!/usr/bin/env bash
# Fuzzes what reads bytes that somebody else wrote: scripts/fuzz.sh [SECONDS] [TARGET…]
# FUZZ_FEATURES=files (or scripts) builds less, if the targets are of one of the two kinds (fuzz/Cargo.toml).
# Without targets all of fuzz/fuzz_targets, each for SECONDS (60). Needs a nightly toolchain and a
# C++ compiler. Continuous integration does not run it. An input that breaks something is written to
# fuzz/artifacts/TARGET; run the binary that is named with it to see it again.
set -euo pipefail
cd "$(dirname "$0")/../fuzz"

seconds=${1:-60}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for file in fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi
rustup toolchain list | grep -q '^nightly' || {
  echo "fuzz.sh: no nightly toolchain; install one: rustup toolchain install nightly --profile minimal" >&2
  exit 1
}

# As `cargo fuzz` does, without the need to install it.
host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Zsanitizer=address -Ccodegen-units=1"
build=()
for target in "${targets[@]}"; do build+=(--bin "$target"); done
cargo +nightly build --release --locked --target "$host" \
  --no-default-features --features "${FUZZ_FEATURES:-files,scripts}" "${build[@]}"
binaries=${CARGO_TARGET_DIR:-target}/$host/release

for target in "${targets[@]}"; do
  echo "== $target"
  mkdir -p "corpus/$target" "artifacts/$target"
  # Many starts of one process leak nothing that a run would notice, so leaks are not looked for.
  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 "$binaries/$target" \
    -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -print_final_stats=0 \
    -artifact_prefix="artifacts/$target/" "corpus/$target"
done
