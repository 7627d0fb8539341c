#!/bin/sh
# Writes the xtask program to a path, and its SHA-256 to PATH.sha256.
#
#   sh pipeline/obtain-xtask.sh PATH
#
# It uses the first of these sources:
#   1. in the test step, the binary from the build step of the same execution;
#   2. the prebuilt binary at XTASK_URL (s3:// or https://). XTASK_PIN sets XTASK_URL and XTASK_SHA256
#      together, as `URL SHA256`, unless one of them is set. It can be a parameter of SSM: of the build
#      project (XtaskParameterName of the pipeline's template), or of the buildspec;
#   3. in the workspace with the source of xtask, a release build.
#
# If XTASK_SHA256 is set, only a binary with this checksum is run. Otherwise the build step's binary
# is checked against its file xtask.sha256, which detects damage but not manipulation.
#
# Requires sh and coreutils, and `aws` or `curl` for source 2. Every CodeBuild image has them.
set -eu

log() { echo "obtain-xtask: $*" >&2; }
die() { log "error: $*"; exit 2; }

[ $# -eq 1 ] || die "usage: sh $0 PATH"
target=$1
name=$(basename "$target")
folder=$(dirname "$target")
mkdir -p "$folder"
[ ! -d "$target" ] || die "$target is a folder"
# PATH never has an incomplete or unchecked file. mktemp creates a new file and follows no link.
new=$(mktemp "$folder/.$name.XXXXXX")
sum=$(mktemp "$folder/.$name.XXXXXX")
trap 'rm -f "$new" "$sum"' EXIT

# matches SHA256: exits unless this is the checksum of the new file.
matches() {
    found=$(sha256sum "$new" | cut -d ' ' -f 1)
    expected=$(printf %s "$1" | tr 'A-F' 'a-f')
    [ "$found" = "$expected" ] || die "the binary's SHA-256 is $found, not $expected: it will not be run"
}

install_binary() {
    chmod 755 "$new"
    # The shell's error for another machine's binary is misleading.
    version=$("$new" --version) || die "the binary does not run on this machine ($(uname -sm)): is it for another architecture?"
    echo "$(sha256sum "$new" | cut -d ' ' -f 1)  $name" > "$sum"
    chmod 644 "$sum"
    mv -f "$new" "$target"
    mv -f "$sum" "$target.sha256"
    log "ready: $target, $version"
}

# The variables of the build project win over the repository's pin.
if [ -n "${XTASK_PIN:-}" ] && [ -z "${XTASK_URL:-}${XTASK_SHA256:-}" ]; then
    XTASK_URL=${XTASK_PIN%% *}
    XTASK_SHA256=${XTASK_PIN##* }
    [ "$XTASK_URL $XTASK_SHA256" = "$XTASK_PIN" ] || die "XTASK_PIN is $XTASK_PIN: it must be a URL, a space and a SHA-256"
fi

published=${CODEBUILD_SRC_DIR_BuildArtifact:-}
if [ -n "$published" ] && [ -f "$published/xtask" ] && [ -f "$published/xtask.sha256" ]; then
    log "using the binary from the build step"
    cp "$published/xtask" "$new"
    matches "${XTASK_SHA256:-$(cut -d ' ' -f 1 "$published/xtask.sha256")}"
    install_binary
    exit 0
fi

if [ -n "${XTASK_URL:-}" ]; then
    [ -n "${XTASK_SHA256:-}" ] || die "XTASK_URL is set and XTASK_SHA256 is not: the binary cannot be checked"
    log "downloading $XTASK_URL"
    case $XTASK_URL in
        s3://*) aws s3 cp --only-show-errors "$XTASK_URL" "$new" ;;
        https://*) curl --fail --silent --show-error --location --proto '=https' --retry 3 --output "$new" "$XTASK_URL" ;;
        *) die "XTASK_URL is $XTASK_URL: it must begin with s3:// or https://" ;;
    esac || die "$XTASK_URL could not be downloaded: check that it exists, and that this build's role and network have access"
    matches "$XTASK_SHA256"
    install_binary
    exit 0
fi

[ -z "${XTASK_SHA256:-}" ] || die "XTASK_SHA256 is set and XTASK_URL is not: a compiled binary has another checksum"

# ---- compile
#
# A release build needs 8 GiB of memory, a C compiler and internet access (crates.io, and rustup if
# Rust is missing). A SMALL machine, or a network without internet access, needs a prebuilt binary:
# `cargo xtask dist` builds it and prints its SHA-256.
#
# pipeline/model-deploy-pipeline.yml has a copy of this script up to here, for BuildspecSource
# `pipeline`; a test compares them. The repositories that `xtask new` writes have it, too.

# The AWS SDK needs Rust 1.94.1, as does `rust-version` in Cargo.toml.
toolchain=1.95.0
rustup=1.28.2

# The memory of this build in MiB: the machine's, or the container's limit.
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
log "XTASK_URL is not set: compiling, which takes several minutes ($mib MiB of memory)"
if [ "$mib" -lt 7000 ]; then
    die "compiling the AWS SDK needs 8 GiB of memory: use a MEDIUM machine or larger, or set XTASK_URL and XTASK_SHA256 (docs/troubleshooting.md)"
fi
PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
if ! command -v rustup > /dev/null; then
    log "installing Rust $toolchain"
    # The installer by version and checksum: what a URL serves can change.
    case $(uname -m) in
        x86_64) rustup_sha256=20a06e644b0d9bd2fbdbfd52d42540bdde820ea7df86e92e533c073da0cdd43c ;;
        aarch64) rustup_sha256=e3853c5a252fca15252d07cb23a1bdd9377a8c6f3efa01531109281ae47f841c ;;
        *) die "there is no known installer of Rust for $(uname -m): install Rust in the image" ;;
    esac
    curl --fail --silent --show-error --proto '=https' --retry 3 --output "$new" \
        "https://static.rust-lang.org/rustup/archive/$rustup/$(uname -m)-unknown-linux-gnu/rustup-init" ||
        die "Rust could not be downloaded: a network without internet needs XTASK_URL and XTASK_SHA256"
    matches "$rustup_sha256"
    # rustup-init reads its own name.
    installers=$(mktemp -d)
    trap 'rm -rf "$new" "$sum" "$installers"' EXIT
    installer=$installers/rustup-init
    cp "$new" "$installer"
    chmod 700 "$installer"
    "$installer" -y --quiet --profile minimal --default-toolchain none || die "Rust could not be installed"
fi
rustup toolchain install "$toolchain" --profile minimal
# The SDK's larger crates need gigabytes each, so compile two at a time on 8 GiB.
if [ "$mib" -lt 15000 ]; then export CARGO_BUILD_JOBS=2; fi
cargo "+$toolchain" build --locked --release --package xtask
cp "${CARGO_TARGET_DIR:-target}/release/xtask" "$new"
install_binary
