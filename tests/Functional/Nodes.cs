using Skiff.Harness;

namespace Skiff.Functional;

/// <summary>
/// One containerd of each version for the whole run, started when the first test asks for it. Tests that restart or break a
/// containerd make one of their own with <see cref="Containerd.StartAsync(ContainerdVersion, string?, IReadOnlyDictionary{string, string?}?, string?)"/>.
/// </summary>
public sealed class Nodes : IAsyncDisposable
{
    private readonly Dictionary<string, Containerd> _running = [];

    internal async Task<Containerd> GetAsync(string version)
    {
        if (!_running.TryGetValue(version, out var node))
        {
            node = await Containerd.StartAsync(ContainerdVersion.Named(version));
            _running[version] = node;
        }

        return node;
    }

    /// <summary>Ends a node that a test has spoiled; the next test gets a fresh one.</summary>
    internal async Task DropAsync(Containerd node)
    {
        _running.Remove(node.Version.Name);
        await node.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _running.Values)
        {
            await node.DisposeAsync();
        }
    }
}
