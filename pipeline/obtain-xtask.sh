#!/bin/sh
# Puts the program that the buildspecs run at the path that is given.
#
#   sh pipeline/obtain-xtask.sh PATH
#
# In this order:
#   1. the binary that this run's build published (the test step; CODEBUILD_SRC_DIR_BuildArtifact), so that a run compiles at most once;
#   2. the prebuilt binary at XTASK_URL (s3:// or https://), which must have the checksum XTASK_SHA256;
#   3. a release build of these sources. It needs 8 GiB of memory and the crates.io registry: a SMALL machine, or a network
#      without internet, needs XTASK_URL. `cargo xtask dist` makes the binary and prints its checksum.
set -eu

target=${1:?usage: obtain-xtask.sh PATH}
toolchain=1.95.0

say() { echo "obtain-xtask: $*" >&2; }
die() { say "$*"; exit 2; }

# check FILE SHA256
check() {
    found=$(sha256sum "$1" | cut -d ' ' -f 1)
    [ "$found" = "$2" ] || die "$1 has the SHA-256 $found, not $2: it is not run"
}

place() {
    mkdir -p "$(dirname "$target")"
    chmod 755 "$1"
    mv "$1" "$target"
    (cd "$(dirname "$target")" && sha256sum "$(basename "$target")" > "$(basename "$target").sha256")
    say "ready: $target ($("$target" --version))"
}

published=${CODEBUILD_SRC_DIR_BuildArtifact:-}
if [ -n "$published" ] && [ -f "$published/xtask" ] && [ -f "$published/xtask.sha256" ]; then
    say "taking the binary that the build published"
    check "$published/xtask" "$(cut -d ' ' -f 1 "$published/xtask.sha256")"
    cp "$published/xtask" xtask.download
    place xtask.download
    exit 0
fi

if [ -n "${XTASK_URL:-}" ]; then
    [ -n "${XTASK_SHA256:-}" ] || die "XTASK_URL is set and XTASK_SHA256 is not: the binary could not be checked"
    say "downloading $XTASK_URL"
    case $XTASK_URL in
        s3://*) aws s3 cp --only-show-errors "$XTASK_URL" xtask.download ;;
        https://*) curl --fail --silent --show-error --location --proto '=https' --retry 3 --output xtask.download "$XTASK_URL" ;;
        *) die "XTASK_URL is $XTASK_URL: it must begin with s3:// or https://" ;;
    esac
    check xtask.download "$XTASK_SHA256"
    place xtask.download
    exit 0
fi

say "XTASK_URL is not set: compiling (some minutes)"
memory=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
if [ "$memory" -lt 7000 ]; then
    die "this machine has $memory MiB of memory and compiling the AWS SDK needs 8 GiB: use a MEDIUM machine, or set XTASK_URL and XTASK_SHA256"
fi
PATH=$HOME/.cargo/bin:$PATH
if ! command -v rustup > /dev/null; then
    say "installing Rust $toolchain"
    curl --fail --silent --show-error --proto '=https' https://sh.rustup.rs | sh -s -- -y --profile minimal --default-toolchain "$toolchain"
fi
rustup toolchain install "$toolchain" --profile minimal
# Two at a time: each of the SDK's larger crates takes gigabytes.
CARGO_BUILD_JOBS=2 cargo "+$toolchain" build --locked --release --package xtask
cp "${CARGO_TARGET_DIR:-target}/release/xtask" xtask.download
place xtask.download
