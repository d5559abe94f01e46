#!/usr/bin/env bash
# Figures for docs/benchmarks.md, on stdout. usage: scripts/bench.sh [cycle|answer|cold|ctr|trace|large|throughput|own|memory|node|neighbours|run]... [--rounds N]
# The component runtime against Wasmtime's: scripts/bench.sh components [--rounds N] [--js COMPONENT]
# Requests per second against plain Kestrel: scripts/bench.sh http [small|large|megabytes|inflight|js|scale|ready]...
# (guests: SKIFF_GUESTS; for the last two what scripts/publish.sh made: SKIFF_PROGRAM; needs wrk: scripts/setup.sh --bench)
set -euo pipefail
cd "$(dirname "$0")/.."
if [[ ${1:-} == components ]]; then
  dotnet publish bench/Components -r linux-x64 -v quiet --nologo -o "${SKIFF_ARTIFACTS:-artifacts}/bench/components" >&2
  echo "commit $(git rev-parse --short HEAD)"
  exec "${SKIFF_ARTIFACTS:-artifacts}/bench/components/Skiff.Bench.Components" "${@:2}"
fi
if [[ ${1:-} == http ]]; then
  dotnet publish bench/Http -r linux-x64 -v quiet --nologo -o "${SKIFF_ARTIFACTS:-artifacts}/bench/http" >&2
  echo "commit $(git rev-parse --short HEAD), load $(cut -d' ' -f1-3 /proc/loadavg), $(date -u +%F)"
  # wrk has a descriptor for each of 10,000 connections.
  ulimit -Sn "$(ulimit -Hn)"
  exec "${SKIFF_ARTIFACTS:-artifacts}/bench/http/Skiff.Bench.Http" "${@:2}"
fi
dotnet build bench/System -c Release -v quiet --nologo >&2
echo "commit $(git rev-parse --short HEAD)"
exec "${SKIFF_ARTIFACTS:-artifacts}/bin/System/release/Skiff.Bench.System" "$@"
