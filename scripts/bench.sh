#!/usr/bin/env bash
# Figures for docs/benchmarks.md, on stdout. usage: scripts/bench.sh [cycle|ctr|throughput|own|memory|run]... [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build bench/System -c Release -v quiet --nologo >&2
echo "commit $(git rev-parse --short HEAD)"
exec "${SKIFF_ARTIFACTS:-artifacts}/bin/System/release/Skiff.Bench.System" "$@"
