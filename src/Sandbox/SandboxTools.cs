using Skiff.Linux;

namespace Skiff.Sandbox;

/// <summary>What every guest of a sandbox is made and kept with.</summary>
internal sealed record SandboxTools(ChildReaper Reaper, SandboxPlaces Places, EntryResolver Entries, TimeProvider Time);
