#!/bin/sh
# Runs fuzz targets one after another: `fuzz/run.sh SECONDS [TARGET...]`; without names, all.
# It ends with 1 if a target found something, and leaves it in fuzz/artifacts/.
set -eu
cd "$(dirname "$0")/.."
seconds=$1
shift
# `package` and `resolve` begin with the templates of the tests. The program needs no crates.
mkdir -p fuzz/target
CARGO_MANIFEST_DIR=$PWD/fuzz rustc --edition 2024 -o fuzz/target/seeds fuzz/examples/seeds.rs
fuzz/target/seeds > /dev/null
[ $# -gt 0 ] || set -- $(cargo +nightly fuzz list)
found=0
for target in "$@"; do
    case $target in
    package | resolve) dictionary=fuzz/cloudformation.dict seeds= ;;
    *) dictionary=fuzz/input-files.dict seeds=fuzz/seeds/$target ;;
    esac
    mkdir -p "fuzz/corpus/$target"
    log=fuzz/corpus/$target.log
    if cargo +nightly fuzz run "$target" "fuzz/corpus/$target" $seeds -- -dict="$dictionary" -max_len=4096 \
        -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 >"$log" 2>&1; then
        echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions in $seconds s"
    else
        found=1
        echo "$target: FAILED, see $log"
    fi
done
exit $found
