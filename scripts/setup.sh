#!/usr/bin/env bash
# Brings a bare Debian 12 with the .NET SDK to the point where `make build`, `make test` and `make demo` work.
# Idempotent, and quick when nothing is missing. What cannot be had is named at the end, with the tests that are then skipped.
#
#   scripts/setup.sh            everything
#   scripts/setup.sh --demo     only what `make publish` and `make demo` need
#   scripts/setup.sh --bench    everything, and what measures
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build_packages=(clang lld zlib1g-dev libc6-dev make)
node_packages=(containerd runc crun iproute2)
guest_packages=(wasi-libc libclang-rt-14-dev-wasm32)
test_packages=(containernetworking-plugins gcc rustc libstd-rust-dev-wasm32 curl)
bench_packages=(wrk)

# Holds the preview1-to-component adapters that clang's programs need to become components, and the WIT of WASI 0.2.
jco_package=@bytecodealliance/jco@1.35.0
wit_version=0.2.12

# Makes components from JavaScript: 385 MB, and half a minute to install.
js_packages=("$jco_package" @bytecodealliance/componentize-js@0.23.0)

only_demo=no
[ "${1:-}" = --demo ] && only_demo=yes
missing=()

install_packages() {
    have_packages "$@" && return
    say "setup: installing $*"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# Without systemd nobody mounts every controller, and crun refuses to work when one that it knows is listed but not mounted.
mount_hugetlb_controller() {
    [ -d /sys/fs/cgroup/unified ] || return 0
    grep -q '^hugetlb' /proc/cgroups || return 0
    mountpoint -q /sys/fs/cgroup/hugetlb && return
    mkdir -p /sys/fs/cgroup/hugetlb
    mount -t cgroup -o hugetlb hugetlb /sys/fs/cgroup/hugetlb
}

# The mirror that this machine's own apt is configured for: the first archive of origin Debian.
debian_mirror() {
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | head -n 1
}

# fetch_suite FOLDER SUITES PACKAGE...: unpacks packages of other Debian suites into FOLDER. Nothing is installed: apt gets
# directories of its own and an empty dpkg status, so that this machine's package state is neither read nor changed.
fetch_suite() {
    local folder=$1 suites=$2 mirror suite apt
    shift 2
    [ -e "$folder/.complete" ] && return
    say "setup: fetching $* from ${suites//,/ and }"
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || { say "setup: apt knows no Debian archive (is /etc/apt/sources.list.d empty?)"; return 1; }
    rm -rf "$folder"
    apt=$folder/.apt
    mkdir -p "$apt"/{etc/preferences.d,etc/apt.conf.d,state/lists/partial,cache/archives/partial}
    : >"$apt/status"
    for suite in ${suites//,/ }; do
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
    done >"$apt/etc/sources.list"
    # A mirror's snapshot may be older than the Valid-Until of its Release file; signatures are checked all the same.
    local options=(-qq -o Dir::Etc="$apt/etc" -o Dir::Etc::sourceparts=/dev/null -o Dir::State="$apt/state"
        -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" -o Acquire::Check-Valid-Until=false
        -o Acquire::Languages=none -o APT::Sandbox::User=root -o APT::Default-Release="${suites##*,}")
    apt-get "${options[@]}" update || return 1
    (cd "$apt/cache/archives" && apt-get "${options[@]}" download "$@") || return 1
    local package
    for package in "$apt"/cache/archives/*.deb; do
        dpkg-deb -x "$package" "$folder" || return 1
    done
    rm -rf "$apt"
    touch "$folder/.complete"
}

# containerd's later versions, each in a folder of its own; they are Go programs and run on this machine's libc.
fetch_containerds() {
    fetch_suite "$cache/containerd/1.7" trixie containerd libseccomp2 ||
        missing+=("containerd 1.7 (trixie): every functional test on that version is skipped")
    fetch_suite "$cache/containerd/2.1" sid containerd libseccomp2 ||
        missing+=("containerd 2.1 (sid): every functional test on that version is skipped")
}

# Docker 28 and later treat a shim differently from all other clients: between Create and Start they enter the container's network.
fetch_docker() {
    fetch_suite "$cache/docker" sid docker.io ||
        missing+=("docker.io 28 (sid): the tests under a Docker engine are skipped")
}

# wasm-tools needs a newer libc than this machine has: it brings its own and is started through that one's loader.
fetch_wasm_tools() {
    local root=$cache/wasm-tools
    if ! fetch_suite "$root" trixie,trixie-backports wasm-tools libc6 libgcc-s1; then
        missing+=("wasm-tools (trixie-backports): the Preview 2 component made from C is skipped")
        return
    fi
    local libraries=$root/usr/lib/x86_64-linux-gnu
    mkdir -p "$root/bin"
    printf '#!/bin/sh\nexec %q --library-path %q %q "$@"\n' \
        "$libraries/ld-linux-x86-64.so.2" "$libraries" "$root/usr/bin/wasm-tools" >"$root/bin/wasm-tools"
    chmod +x "$root/bin/wasm-tools"
}

# A wasi-libc with WASI 0.2's sockets, and the linker that it needs: the installed ones are of 2022 and know neither.
fetch_wasip2_libc() {
    fetch_suite "$cache/wasip2-libc" bookworm,bookworm-backports wasi-libc/bookworm-backports lld-19 libllvm19 ||
        missing+=("wasi-libc with sockets (bookworm-backports): the conformance tests of sockets from C are skipped")
}

# Debian's npm costs 90 s and 270 MB: only where there is none.
have_npm() {
    command -v npm >/dev/null || install_packages npm
    command -v npm >/dev/null
}

# The adapters into .cache/adapter, the WIT packages into .cache/wit.
fetch_adapters() {
    local folder=$cache/adapter
    [ -e "$folder/reactor.wasm" ] && [ -e "$cache/wit/wasi-http" ] && return
    rm -rf "$folder" "$cache/wit"
    mkdir -p "$folder"
    if have_npm && (cd "$folder" && npm pack --loglevel error "$jco_package" >/dev/null && tar xzf ./*.tgz package/lib); then
        mv "$folder"/package/lib/wasi_snapshot_preview1.command.wasm "$folder/command.wasm"
        mv "$folder"/package/lib/wit/builtin/$wit_version "$cache/wit"
        mv "$folder"/package/lib/wasi_snapshot_preview1.reactor.wasm "$folder/reactor.wasm"
        rm -rf "$folder"/*.tgz "$folder/package"
    else
        missing+=("the Preview 1 adapters and WIT packages ($jco_package): the components made from C and Rust are skipped")
    fi
}

fetch_js_tools() {
    local folder=$cache/js
    [ -e "$folder/.complete" ] && return
    say "setup: installing ${js_packages[*]}"
    rm -rf "$folder"
    mkdir -p "$folder"
    echo '{ "private": true, "type": "module" }' >"$folder/package.json"
    if have_npm && (cd "$folder" && npm install --loglevel error --no-audit --no-fund --save-exact "${js_packages[@]}" >/dev/null); then
        touch "$folder/.complete"
    else
        missing+=("componentize-js (${js_packages[*]}): the guests made from JavaScript are skipped")
    fi
}

if [ "$(id -u)" != 0 ]; then
    say "setup: needs root, for apt and for the control groups"
    exit 1
fi

install_packages "${build_packages[@]}" "${node_packages[@]}" "${guest_packages[@]}"
mount_hugetlb_controller
if [ "$only_demo" = no ]; then
    install_packages "${test_packages[@]}"
    [ "${1:-}" != --bench ] || install_packages "${bench_packages[@]}"
    fetch_containerds
    fetch_docker
    fetch_wasm_tools
    fetch_wasip2_libc
    fetch_adapters
    fetch_js_tools
fi

for text in "${missing[@]}"; do
    say "setup: MISSING $text"
done
