using Skiff.Linux.Tests.Doubles;

[assembly: AssemblyFixture(typeof(ReaperFixture))]

namespace Skiff.Linux.Tests.Doubles;

/// <summary>The one reaper of this process, shared by all tests: it is a subreaper, as in the shim.</summary>
public sealed class ReaperFixture : IDisposable
{
    public ChildReaper Reaper { get; } = new(TimeProvider.System, subreaper: true);

    public static SpawnRequest Shell(string script) =>
        new() { Program = "/bin/sh", Arguments = ["sh", "-c", script] };

    public Task<ProgramResult> RunShell(string script) =>
        Reaper.RunAsync(Shell(script), TimeSpan.FromSeconds(20), CancellationToken.None);

    public void Dispose() => Reaper.Dispose();
}
