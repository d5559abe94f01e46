using Skiff.Sandbox;

namespace Skiff.Simulation;

/// <summary>Decides at each step of the doubles whether it works, fails, or stays pending until the walk lets it go.</summary>
internal sealed class Faults(Random random)
{
    private readonly List<TaskCompletionSource> _parked = [];

    /// <summary>False at the end of a walk, when everything must work.</summary>
    public bool On { get; set; } = true;

    public int Parked => _parked.Count;

    public Task AtAsync(string step, CancellationToken cancellation = default)
    {
        if (!On)
        {
            return Task.CompletedTask;
        }

        switch (random.Next(10))
        {
            case 0:
                throw new SandboxException($"simulated fault at {step}");
            case 1 or 2 or 3:
                var parked = new TaskCompletionSource();
                _parked.Add(parked);
                return parked.Task.WaitAsync(cancellation);
            default:
                return Task.CompletedTask;
        }
    }

    /// <summary>Lets one pending step go on, or fail.</summary>
    public void ReleaseOne()
    {
        if (_parked.Count == 0)
        {
            return;
        }

        var index = random.Next(_parked.Count);
        var parked = _parked[index];
        _parked.RemoveAt(index);
        if (On && random.Next(5) == 0)
        {
            parked.SetException(new SandboxException("simulated late fault"));
        }
        else
        {
            parked.SetResult();
        }
    }
}
