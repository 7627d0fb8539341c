#!/bin/sh
# Puts the program that the buildspecs run at the path that is given, and its SHA-256 beside it.
#
#   sh pipeline/obtain-xtask.sh PATH
#
# In this order:
#   1. the binary that the same run's build step published (in the test step), so that a run compiles at most once;
#   2. the prebuilt binary at XTASK_URL (s3:// or https://);
#   3. a release build of these sources, which needs 8 GiB of memory and the internet (crates.io, and rustup where Rust is missing).
#      A SMALL machine, or one in a network that is closed, needs the second way: `cargo xtask dist` makes the binary and prints
#      its SHA-256.
#
# With XTASK_SHA256 set, only a binary with this checksum is run, wherever it comes from. Without it, a published binary is checked
# against the file xtask.sha256 beside it, which shows damage and no more: who can change one file can change the other.
#
# It needs sh and coreutils, `aws` or `curl` for the second way, and a C compiler for the third; every CodeBuild image has them.
#
# pipeline/model-deploy-pipeline.yml has a copy of this script up to the line `compile`, for BuildspecSource `pipeline`; a test compares
# them.
set -eu

say() { echo "obtain-xtask: $*" >&2; }
die() { say "error: $*"; exit 2; }

[ $# -eq 1 ] || die "usage: sh $0 PATH"
target=$1
name=$(basename "$target")
folder=$(dirname "$target")
mkdir -p "$folder"
[ ! -d "$target" ] || die "$target is a folder"
# Nothing half-written or unchecked is ever at the path that is run. mktemp makes a file that was not there: it follows no link.
new=$(mktemp "$folder/.$name.XXXXXX")
sum=$(mktemp "$folder/.$name.XXXXXX")
trap 'rm -f "$new" "$sum"' EXIT

# matches SHA256: exits unless this is the checksum of the new file.
matches() {
    found=$(sha256sum "$new" | cut -d ' ' -f 1)
    wanted=$(printf %s "$1" | tr 'A-F' 'a-f')
    [ "$found" = "$wanted" ] || die "the binary's SHA-256 is $found and not $wanted: it is not run"
}

place() {
    chmod 755 "$new"
    # A shell cannot tell a binary for another machine from a missing one, so this says it.
    version=$("$new" --version) || die "the binary does not run on this machine ($(uname -sm)): was it made for another one?"
    echo "$(sha256sum "$new" | cut -d ' ' -f 1)  $name" > "$sum"
    chmod 644 "$sum"
    mv -f "$new" "$target"
    mv -f "$sum" "$target.sha256"
    say "ready: $target, $version"
}

published=${CODEBUILD_SRC_DIR_BuildArtifact:-}
if [ -n "$published" ] && [ -f "$published/xtask" ] && [ -f "$published/xtask.sha256" ]; then
    say "using the binary that the build step published"
    cp "$published/xtask" "$new"
    matches "${XTASK_SHA256:-$(cut -d ' ' -f 1 "$published/xtask.sha256")}"
    place
    exit 0
fi

if [ -n "${XTASK_URL:-}" ]; then
    [ -n "${XTASK_SHA256:-}" ] || die "XTASK_URL is set and XTASK_SHA256 is not: the binary could not be checked"
    say "downloading $XTASK_URL"
    case $XTASK_URL in
        s3://*) aws s3 cp --only-show-errors "$XTASK_URL" "$new" ;;
        https://*) curl --fail --silent --show-error --location --proto '=https' --retry 3 --output "$new" "$XTASK_URL" ;;
        *) die "XTASK_URL is $XTASK_URL: it must begin with s3:// or https://" ;;
    esac || die "$XTASK_URL could not be downloaded: does it exist, and may this build's role and network read it?"
    matches "$XTASK_SHA256"
    place
    exit 0
fi

[ -z "${XTASK_SHA256:-}" ] || die "XTASK_SHA256 is set and XTASK_URL is not: a binary that is compiled here would have another checksum"

# ---- compile

# The AWS SDK needs Rust 1.94.1; `rust-version` in Cargo.toml says so too.
toolchain=1.95.0

# The memory that this build may use in MiB: the machine's, or less where the container is limited.
memory() {
    mib=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
    for file in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
        [ -r "$file" ] || continue
        limit=$(cat "$file")
        case $limit in *[!0-9]*) continue ;; esac # "max": no limit
        limit=$((limit / 1048576))
        if [ "$limit" -lt "$mib" ]; then mib=$limit; fi
    done
    echo "$mib"
}

mib=$(memory)
say "XTASK_URL is not set: compiling, which takes some minutes ($mib MiB of memory)"
if [ "$mib" -lt 7000 ]; then
    die "compiling the AWS SDK needs 8 GiB of memory: use a MEDIUM machine or larger, or set XTASK_URL and XTASK_SHA256 (docs/troubleshooting.md)"
fi
PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
if ! command -v rustup > /dev/null; then
    say "installing Rust $toolchain"
    curl --fail --silent --show-error --proto '=https' --retry 3 --output "$new" https://sh.rustup.rs ||
        die "Rust could not be downloaded: a network without internet needs XTASK_URL and XTASK_SHA256"
    sh "$new" -y --quiet --profile minimal --default-toolchain none
fi
rustup toolchain install "$toolchain" --profile minimal
# The SDK's larger crates take gigabytes each: two at a time on 8 GiB.
if [ "$mib" -lt 15000 ]; then export CARGO_BUILD_JOBS=2; fi
cargo "+$toolchain" build --locked --release --package xtask
cp "${CARGO_TARGET_DIR:-target}/release/xtask" "$new"
place
