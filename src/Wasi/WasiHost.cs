using Skiff.Linux.Files;

namespace Skiff.Wasi;

/// <summary>What all guests of a process share. Outlives them.</summary>
/// <param name="Time">The clocks' source.</param>
/// <param name="Readiness">Waits for descriptors.</param>
public sealed record WasiHost(TimeProvider Time, ReadinessLoop Readiness);
