using Skiff.Sandbox;

namespace Skiff.Shim.Tests.Doubles;

/// <summary>Makes guests that live in memory only, and remembers all of them.</summary>
internal sealed class FakeSandbox(TimeProvider time) : ISandbox
{
    private int _lastPid = 1000;

    public List<FakeGuest> Guests { get; } = [];

    public List<(string Bundle, string Id)> Removed { get; } = [];

    /// <summary>Runs inside Create before the guest exists; may throw or wait.</summary>
    public Func<GuestRequest, CancellationToken, Task> OnCreate { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Runs when the guest exists, before Create answers.</summary>
    public Action<FakeGuest> OnCreated { get; set; } = _ => { };

    public Func<Task> OnRemove { get; set; } = () => Task.CompletedTask;

    public int NextPid() => Interlocked.Increment(ref _lastPid);

    public async Task<IGuest> CreateAsync(GuestRequest request, CancellationToken cancellation)
    {
        await OnCreate(request, cancellation);
        var guest = new FakeGuest(request, NextPid(), this, time);
        lock (Guests)
        {
            Guests.Add(guest);
        }

        OnCreated(guest);
        return guest;
    }

    public async Task RemoveTracesAsync(string bundle, string id, CancellationToken cancellation)
    {
        lock (Removed)
        {
            Removed.Add((bundle, id));
        }

        await OnRemove().WaitAsync(cancellation);
    }
}
