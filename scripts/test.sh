#!/usr/bin/env bash
# Runs the rings of tests: all of them, or one of unit, layout, functional. Every ring runs even when an earlier one failed.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$repo"

ring=${1:-all}
failed=()

run() {
    say "test: $1"
    dotnet run --no-build --project "$1" -- --no-ansi || failed+=("$1")
}

projects_of() {
    case $1 in
        layout) echo tests/Layout.Tests ;;
        unit) ls -d tests/*.Tests tests/Simulation ;;
        functional) echo tests/Functional ;;
        all) ls -d tests/*.Tests tests/Simulation tests/Functional ;;
        *) say "test: no ring is called $1: unit, layout, functional, all"; exit 2 ;;
    esac
}

for project in $(projects_of "$ring"); do
    # A room's test project that holds no test yet would fail with "ran no test"; its source files say whether it has any.
    if [ -n "$(find "$project" -name '*.cs' -print -quit)" ]; then
        run "$project"
    fi
done

if [ "${#failed[@]}" -gt 0 ]; then
    say "test: FAILED in ${failed[*]}"
    exit 1
fi
say "test: all rings passed"
