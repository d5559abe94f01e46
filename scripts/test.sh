#!/usr/bin/env bash
# Runs the test programs one after another and closes with `N passed, N failed, N skipped`.
# usage: scripts/test.sh [all|unit|layout|functional] [arguments for the test programs, e.g. -class X]
set -uo pipefail
cd "$(dirname "$0")/.."
ring=${1:-all}
shift || true
artifacts=${SKIFF_ARTIFACTS:-artifacts}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Functional last: what fails cheaply should fail first.
projects=()
for folder in tests/*/; do
    name=$(basename "$folder")
    [ -f "tests/$name/$name.csproj" ] || continue
    case "$ring:$name" in
        layout:Layout.Tests | functional:Functional | all:* ) projects+=("$name") ;;
        unit:Functional ) ;;
        unit:* ) projects+=("$name") ;;
    esac
done
readarray -t projects < <(printf '%s\n' "${projects[@]}" | awk '{ print ($0 == "Functional") "\t" $0 }' | sort | cut -f2)

passed=0 failed=0 skipped=0
for name in "${projects[@]}"; do
    program=$artifacts/bin/$name/debug/Skiff.$name
    [ -x "$program" ] || { echo "$name: not built; run: make build" >&2; failed=$((failed + 1)); continue; }
    echo "== $name"
    "$program" -noLogo -noColor "$@" 2>&1 | tee "$log"
    code=${PIPESTATUS[0]}
    summary=$(grep -E 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' "$log" | tail -n 1)
    if [ -z "$summary" ]; then
        # A test program that died without its summary must not look like one without tests.
        echo "$name: ended with $code and without a summary" >&2
        failed=$((failed + 1))
        continue
    fi
    read -r total errors bad skips < <(sed -E 's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+).*/\1 \2 \3 \4/' <<<"$summary")
    passed=$((passed + total - bad - skips))
    failed=$((failed + bad + errors))
    skipped=$((skipped + skips))
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
