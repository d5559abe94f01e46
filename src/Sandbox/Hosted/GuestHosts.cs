using Skiff.Guest;
using Skiff.Linux;

namespace Skiff.Sandbox;

/// <summary>The guest hosts of this shim, one a trust domain: started with its first guest, ended a while after its last.</summary>
internal sealed class GuestHosts(ChildReaper reaper, SandboxPlaces places, TimeProvider time) : IDisposable
{
    /// <summary>Starting one costs as much as a container; short guests often come one after the other.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);

    /// <summary>The host of a domain, started if there is none that lives. Give each back by <see cref="Release"/>.</summary>
    public GuestHost Take(string domain)
    {
        lock (_gate)
        {
            if (!_places.TryGetValue(domain, out var place) || place.Host.Exit.IsCompleted)
            {
                place?.Host.Dispose();
                using var log = RotatedLog.Open(Path.Combine(places.RunFolder, NodeStatus.HostLog), NodeStatus.LogBytesMax);
                place = new Place(GuestHost.Start(reaper, places, log));
                _places[domain] = place;
            }

            place.Users++;
            return place.Host;
        }
    }

    public void Release(string domain, GuestHost host)
    {
        lock (_gate)
        {
            if (_places.TryGetValue(domain, out var place) && place.Host == host && --place.Users == 0)
            {
                place.IdleSince = time.GetTimestamp();
                _ = EndWhenIdleAsync(domain, place, place.IdleSince);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var place in _places.Values)
            {
                place.Host.Dispose();
            }

            _places.Clear();
        }
    }

    private async Task EndWhenIdleAsync(string domain, Place place, long since)
    {
        await Task.Delay(IdleTime, time);
        lock (_gate)
        {
            if (place.Users == 0 && place.IdleSince == since && _places.GetValueOrDefault(domain) == place)
            {
                _places.Remove(domain);
                place.Host.Dispose();
            }
        }
    }

    private sealed class Place(GuestHost host)
    {
        public GuestHost Host { get; } = host;

        public int Users { get; set; }

        public long IdleSince { get; set; }
    }
}
