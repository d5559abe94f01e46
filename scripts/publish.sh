#!/usr/bin/env bash
# Leaves in dist/ what a node needs:
#
#   bin/containerd-shim-skiff-v1      what containerd executes, a static program; its other names are links to it
#   bin/skiff                         link to lib/skiff/skiff
#   lib/skiff/                        the run program with the engine, its loader and its libraries. This folder is mounted
#                                     into containers as it is, whose image may hold no library at all; and
#                                     ca-certificates.crt, which outgoing TLS goes by where the image has none
#
#   scripts/publish.sh [RID [FOLDER]]     linux-x64 (into dist/) or linux-arm64 (cross-linked, into dist-arm64/)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$repo"

case $(uname -m) in
    x86_64) host=linux-x64 ;;
    aarch64) host=linux-arm64 ;;
    *) say "publish: no engine for $(uname -m); Skiff runs on x86_64 and aarch64"; exit 1 ;;
esac
rid=${1:-$host}
shim_names=(containerd-shim-wasmtime-v1 containerd-shim-skiffnode-v1 containerd-shim-wasmtimed-v1)

case $rid in
    linux-x64) triple=x86_64-linux-gnu ;;
    linux-arm64) triple=aarch64-linux-gnu ;;
    *) say "publish: $rid is not supported; linux-x64 or linux-arm64"; exit 1 ;;
esac

dist=${2:-dist}
options=()
libraries=()
objcopy=objcopy
if [ "$rid" != "$host" ]; then
    dist=${2:-dist-${rid#linux-}}
    cross_packages=(clang lld "gcc-${triple//_/-}" "libc6-dev-${rid#linux-}-cross")
    have_packages "${cross_packages[@]}" || { say "publish: $rid on this machine needs: apt-get install ${cross_packages[*]}"; exit 1; }
    objcopy=$triple-objcopy
    libraries=("/usr/$triple/lib")
    # The linker's own search paths are this machine's; the cross packages' lie elsewhere.
    options+=(-p:CppCompilerAndLinker=clang -p:LinkerFlavor=lld "-p:ObjCopyName=$objcopy")
fi

# Resolves a library by name: where the cross packages put it, or where this machine's loader finds it.
library() {
    local folder found
    for folder in "${libraries[@]}"; do
        [ -e "$folder/$1" ] && { echo "$folder/$1"; return; }
    done
    found=$(ldconfig -p | awk -v name="$1" -v want="${triple%%-*}" '$1 == name { print $NF; exit }')
    [ -n "$found" ] || { say "publish: $1 is not on this machine"; return 1; }
    echo "$found"
}

needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }

# Copies what a program or library needs, and what that needs.
copy_needed() {
    local name
    for name in $(needed "$1"); do
        [ -e "$home/$name" ] && continue
        install -m 0755 "$(library "$name")" "$home/$name"
        copy_needed "$home/$name"
    done
}

publish() {
    say "publish: $1 for $rid"
    dotnet publish -p:RunAnalyzers=false "apps/$1" -r "$rid" -v quiet --nologo "${options[@]}" -o "artifacts/dist/$rid/$1"
}

home=$dist/lib/skiff
rm -rf "$dist"
mkdir -p "$dist/bin" "$home"

publish skiff
install -m 0755 "artifacts/dist/$rid/skiff/skiff" "$home/skiff"
# Only the dynamic symbols are used; the others are 6 MB.
"$objcopy" --strip-unneeded "artifacts/dist/$rid/skiff/libwasmtime.so" "$home/libwasmtime.so"
chmod 0755 "$home/libwasmtime.so"
copy_needed "$home/skiff"
copy_needed "$home/libwasmtime.so"
# .NET opens these by name when the first TLS connection is made; an image may hold none.
for name in libssl.so.3 libcrypto.so.3; do
    install -m 0755 "$(library "$name")" "$home/$name"
    copy_needed "$home/$name"
done
# Whom guests' outgoing TLS trusts where the image does not say: a node may put its own there.
roots=/etc/ssl/certs/ca-certificates.crt
[ -e "$roots" ] || { say "publish: $roots is missing: apt-get install ca-certificates"; exit 1; }
install -m 0644 "$roots" "$home/ca-certificates.crt"
ln -s ../lib/skiff/skiff "$dist/bin/skiff"

publish containerd-shim
install -m 0755 "artifacts/dist/$rid/containerd-shim/containerd-shim-skiff-v1" "$dist/bin/containerd-shim-skiff-v1"
for name in "${shim_names[@]}"; do
    ln -s containerd-shim-skiff-v1 "$dist/bin/$name"
done
say "publish: $dist: $(du -sh --apparent-size "$dist" | cut -f1)"
