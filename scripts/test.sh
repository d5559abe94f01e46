#!/usr/bin/env bash
# Runs the rings of tests: all of them, or one of unit, layout, conformance, functional, node. Every ring runs even when an earlier one failed.
# The last line is `N passed, N failed, N skipped`.
#
#   scripts/test.sh [RING [ARGUMENT...]]     the arguments go to the test programs, e.g. functional -class '*.ExecTests'
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$repo"

ring=${1:-all}
shift || true
arguments=("$@")
failed=()

# A test program that hangs is ended, so that one fault does not cost the results of the others. The longest takes a third of it.
hung_seconds=900
passed_count=0 failed_count=0 skipped_count=0

run() {
    local log=$repo/artifacts/test.log
    local began=$SECONDS code
    say "test: $1"
    timeout --kill-after=10 "$hung_seconds" dotnet run --no-build --project "$1" -- -noColor "${arguments[@]}" 2>&1 | tee "$log"
    code=${PIPESTATUS[0]}
    count "$log"
    grep -h '\[SKIP\]' "$log" >>"$repo/artifacts/skipped.log"
    [ "$code" = 0 ] || { [ "$1" = tests/Functional ] && try_again "$log"; } || {
        failed+=("$1")
        [ "$code" != 124 ] || echo "    $1 was ended after $hung_seconds s" >>"$repo/artifacts/failed.log"
        failures "$log" >>"$repo/artifacts/failed.log"
    }
    say "test: $1 took $((SECONDS - began)) s"
}

# Each failure with the first lines of its message: the end of the output is what one sees of a run elsewhere.
failures() {
    awk '/\[(FAIL|SKIP|PASS)\]$/ || /^ *===/ { left = 0 } /\[FAIL\]$/ { left = 12 } left-- > 0' "$1"
}

# Adds a run's summary to the counts.
count() {
    local line
    while read -r line; do
        [[ $line =~ Total:\ ([0-9]+),\ Errors:\ ([0-9]+),\ Failed:\ ([0-9]+),\ Skipped:\ ([0-9]+) ]] || continue
        failed_count=$((failed_count + BASH_REMATCH[2] + BASH_REMATCH[3]))
        skipped_count=$((skipped_count + BASH_REMATCH[4]))
        passed_count=$((passed_count + BASH_REMATCH[1] - BASH_REMATCH[3] - BASH_REMATCH[4]))
    done <"$1"
}

# The functional ring measures against the wall clock on machines that others use too: a few failures get a second chance, alone and
# named aloud. Many failures are no matter of chance and get none.
try_again() {
    local methods method only=() bad
    readarray -t methods < <(sed -nE 's/^ *(Skiff\.[A-Za-z0-9_.]+)(\(.*\))? \[FAIL\]$/\1/p' "$1" | sort -u)
    bad=$(grep -cE '\[FAIL\]$' "$1")
    [ "${#methods[@]}" -gt 0 ] && [ "$bad" -le 5 ] || return 1
    for method in "${methods[@]}"; do
        only+=(-method "$method")
    done
    say "test: SECOND TRY of ${methods[*]}"
    dotnet run --no-build --project tests/Functional -- -noColor "${only[@]}" 2>&1 | tee "$repo/artifacts/again.log"
    [ "${PIPESTATUS[0]}" = 0 ] || { cat "$repo/artifacts/again.log" >>"$1"; return 1; }
    say "test: UNSTABLE, passed at the second try: ${methods[*]}"
    failed_count=$((failed_count - bad))
    passed_count=$((passed_count + bad))
}

projects_of() {
    case $1 in
        layout) echo tests/Layout.Tests ;;
        unit) ls -d tests/*.Tests tests/Simulation tests/Conformance ;;
        conformance) echo tests/Conformance ;;
        functional) echo tests/Functional ;;
        node) ;;
        all) ls -d tests/*.Tests tests/Simulation tests/Conformance tests/Functional ;;
        *) say "test: no ring is called $1: unit, layout, conformance, functional, node, all"; exit 2 ;;
    esac
}

mkdir -p artifacts
: >artifacts/skipped.log
: >artifacts/failed.log
for project in $(projects_of "$ring"); do
    # A room's test project that holds no test yet would fail with "ran no test"; its source files say whether it has any.
    if [ -n "$(find "$project" -name '*.cs' -print -quit)" ]; then
        run "$project"
    fi
done

# Guests in shared processes behave like those in containers: the same tests once more, those that are about guests.
if [ "$ring" = all ] || [ "$ring" = node ]; then
    export SKIFF_ISOLATION=node
    [ "${#arguments[@]}" -gt 0 ] || arguments=(-class '*.Life.*' -class '*.Guests.*' -class '*.HttpPodTests' -class '*.PodTests')
    run tests/Functional
fi

if [ -s artifacts/skipped.log ]; then
    say "test: SKIPPED, $(wc -l <artifacts/skipped.log) of them (reasons above):"
    sed -E 's/(\(.*\))? \[SKIP\]$//' artifacts/skipped.log | sort | uniq -c >&2
fi
if [ "${#failed[@]}" != 0 ]; then
    cat artifacts/failed.log >&2
    say "test: FAILED in ${failed[*]}"
fi
# A test program that died without a summary counts as one failure: it must not look like one without tests.
[ "${#failed[@]}" = 0 ] || [ "$failed_count" -gt 0 ] || failed_count=${#failed[@]}
echo "$passed_count passed, $failed_count failed, $skipped_count skipped"
[ "${#failed[@]}" = 0 ]
