using Skiff.Harness;

namespace Skiff.Functional;

/// <summary>A test on a running containerd. When it ends, nothing that it made may be left on the machine.</summary>
public abstract class NodeTest(Nodes nodes) : IAsyncLifetime
{
    private readonly List<Containerd> _used = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    private protected async Task<Containerd> NodeAsync(string version)
    {
        var node = await nodes.GetAsync(version);
        _used.Add(node);
        return node;
    }

    /// <summary>A containerd for this test alone, for tests that end it.</summary>
    private protected static Task<Containerd> OwnNodeAsync(
        string version,
        string? skiffOptions = null,
        IReadOnlyDictionary<string, string?>? environment = null) =>
        Containerd.StartAsync(ContainerdVersion.Named(version), skiffOptions, environment);

    public async ValueTask DisposeAsync()
    {
        // xUnit disposes asynchronously or synchronously, never both: a test's own folders go here.
        (this as IDisposable)?.Dispose();
        foreach (var node in _used)
        {
            try
            {
                await Leaks.RequireNoneAsync(node);
            }
            catch
            {
                await nodes.DropAsync(node);
                throw;
            }
        }

        GC.SuppressFinalize(this);
    }
}
