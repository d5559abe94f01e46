#!/usr/bin/env bash
# A Wasm image runs, is listed, exec'd into, stopped and deleted like any container, under a private containerd in a folder of its own.
# Leaves nothing behind; ends with an error at the first step that does not do what it says.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

dist=${SKIFF_DIST:-$repo/dist}
guest=$repo/artifacts/guests/toolbox.wasm
image=localhost/demo:1
folder=$(mktemp -d /tmp/skiff-demo.XXXXXX)
export CONTAINERD_ADDRESS=$folder/containerd.sock CONTAINERD_NAMESPACE=skiff-demo-$$
export PATH=$dist/bin:$PATH SKIFF_CACHE=$folder/cache
containerd_pid=

# step TEXT [COMMAND...]: says what happens and why, shows the command, runs it.
step() {
    printf '\n\033[1m%s\033[0m\n' "$1"
    shift
    [ $# = 0 ] || show "$@"
}

show() {
    printf '\033[36m$ %s\033[0m\n' "$*"
    "$@"
}

fail() {
    printf '\n\033[31mdemo: %s\033[0m\n' "$*" >&2
    exit 1
}

# within SECONDS TEXT COMMAND...: until the command succeeds.
within() {
    local deadline=$((SECONDS + $1)) text=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || fail "not in time: $text"
        sleep 0.05
    done
}

remove_containers() {
    local id
    for id in $(ctr task list -q 2>/dev/null); do
        ctr task kill -s KILL "$id" >/dev/null 2>&1 || true
        ctr task delete -f "$id" >/dev/null 2>&1 || true
    done
    for id in $(ctr container list -q 2>/dev/null); do
        ctr container delete "$id" >/dev/null 2>&1 || true
    done
}

clean() {
    local code=$? mount
    trap - EXIT
    if [ "$code" != 0 ] && [ -s "$folder/containerd.log" ]; then
        printf '\n--- the last words of containerd\n' >&2
        tail -n 15 "$folder/containerd.log" >&2
    fi
    if [ -n "$containerd_pid" ]; then
        remove_containers
        kill "$containerd_pid" 2>/dev/null || true
        wait "$containerd_pid" 2>/dev/null || true
    fi
    while read -r mount; do
        umount -l "$mount" || true
    done < <(awk -v folder="$folder/" 'index($5, folder) == 1 { print $5 }' /proc/self/mountinfo | sort -r)
    rm -rf --one-file-system "$folder"
    find /sys/fs/cgroup -maxdepth 2 -type d -name "$CONTAINERD_NAMESPACE" -exec find {} -depth -type d -exec rmdir {} + 2>/dev/null \; || true
    exit "$code"
}
trap clean EXIT
trap 'exit 130' INT TERM

[ "$(id -u)" = 0 ] || fail "containers need root: run it as root"
[ -x "$dist/bin/containerd-shim-skiff-v1" ] || fail "$dist/bin/containerd-shim-skiff-v1 is missing: run make publish"
make --silent -C "$repo/tests/Guests" OUT="$(dirname "$guest")" "$guest"

cat >"$folder/config.toml" <<CONFIG
version = 2
root = "$folder/root"
state = "$folder/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "$CONTAINERD_ADDRESS"
[ttrpc]
  address = "$CONTAINERD_ADDRESS.ttrpc"
CONFIG
printf '\n\033[1mA containerd of our own: its root, state and socket lie in %s.\033[0m\n' "$folder"
show containerd --version
containerd -c "$folder/config.toml" >"$folder/containerd.log" 2>&1 &
containerd_pid=$!
within 20 "containerd answers" ctr version

step "A Wasm module, made from C by clang and wasi-libc, becomes an OCI image." \
    skiff image pack "$guest" --name "$image" --output "$folder/demo.tar"

step "containerd imports it as any other image." \
    ctr image import --platform wasi/wasm "$folder/demo.tar"

# What ctr is told each time: our runtime, and which platform of the image.
run=(ctr run --runtime io.containerd.skiff.v1 --platform wasi/wasm)

step "It runs. This first start compiles the module; every later one on this node loads the compiled code." \
    "${run[@]}" --rm "$image" first /app.wasm args "Hello from a Wasm container"

step "Exit codes are the program's own."
code=0
show "${run[@]}" --rm "$image" second /app.wasm exit 42 || code=$?
[ "$code" = 42 ] || fail "expected exit code 42, got $code"
echo "exit code $code"

step "One that goes on, in the background, with its output in a file." \
    "${run[@]}" --detach --log-uri "file://$folder/ticker.log" "$image" ticker /app.wasm tick 0.2

step "It is a container as any other ..." ctr container list
step "... with a task, and a process of its own." ctr task list
ctr task list | grep -q '^ticker .*RUNNING' || fail "the task is not running"
show ctr task ps ticker

within 20 "the guest writes to its log" grep -q 'tick 3' "$folder/ticker.log"
step "Its log:" tail -n 3 "$folder/ticker.log"

step "Another run of the module inside the running container (what a probe or kubectl exec does):" \
    ctr task exec --exec-id inside ticker /app.wasm list /

step "Figures from the container's own control group:" ctr task metrics ticker

step "TERM ends it at once; a Wasm program needs no signal handler for that." \
    ctr task kill --signal TERM ticker
within 5 "the task stops" sh -c "ctr task list | grep -q '^ticker .*STOPPED'"
show ctr task list

step "Delete answers with the exit code: 128 + 15 for TERM."
# Whether ctr makes the task's exit code its own differs between versions; it always says it.
show ctr task delete ticker >"$folder/deleted" 2>&1 || true
cat "$folder/deleted"
grep -q 'exit code 143' "$folder/deleted" || fail "expected exit code 143"
show ctr container delete ticker

step "Nothing is left: no container, no task, no shim." ctr container list
[ -z "$(ctr container list -q)" ] || fail "a container is left"
within 10 "the shims end" sh -c "! grep -lsa '$folder' /proc/[0-9]*/environ | xargs -r -n1 dirname | xargs -r -I{} readlink {}/exe | grep -q containerd-shim"
printf '\n\033[32mdemo: done\033[0m\n'
