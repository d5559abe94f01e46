using System.Text;
using Skiff.Linux;

namespace Skiff.Shim.Server;

/// <summary>
/// Where a server's log lines go: the log FIFO of a living bundle. The first bundle's comes first; when it is deleted, that of
/// another container of the pod. Lines that nobody takes are dropped.
/// </summary>
internal sealed class LogFile : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<LossyFifo> _fifos = [];

    public void Add(string bundle)
    {
        lock (_gate)
        {
            var path = $"{bundle}/{Bootstrap.BundleFiles.Log}";
            if (!_fifos.Exists(fifo => fifo.Path == path))
            {
                _fifos.Add(new LossyFifo(path));
            }
        }
    }

    /// <summary>Forgets the FIFOs that have gone with their bundles.</summary>
    public void Prune()
    {
        lock (_gate)
        {
            foreach (var gone in _fifos.FindAll(fifo => !File.Exists(fifo.Path)))
            {
                gone.Dispose();
                _fifos.Remove(gone);
            }
        }
    }

    public void Write(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line);
        var piece = bytes.AsSpan(0, Math.Min(bytes.Length, LossyFifo.WholeBytesMax));
        lock (_gate)
        {
            foreach (var fifo in _fifos)
            {
                if (fifo.TryWrite(piece))
                {
                    return;
                }
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _fifos.ForEach(fifo => fifo.Dispose());
            _fifos.Clear();
        }
    }
}
