using System.Globalization;

namespace Skiff.Cli;

/// <summary>Tells somebody at a terminal that compiling takes its time. Says nothing when it does not, or when nobody looks.</summary>
internal sealed class CompileProgress : IDisposable
{
    // Shorter waits are not noticed; a line that comes and goes is.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly ITimer? _timer;
    private readonly Lock _lock = new();
    private int _width;
    private bool _ended;

    public CompileProgress(string name, TimeProvider time)
    {
        if (Console.IsErrorRedirected)
        {
            return;
        }

        var started = time.GetTimestamp();
        _timer = time.CreateTimer(
            _ => Show(string.Create(CultureInfo.InvariantCulture, $"compiling {name} … {time.GetElapsedTime(started).TotalSeconds:F1} s")),
            null,
            Patience,
            Interval);
    }

    public void Dispose()
    {
        _timer?.Dispose();
        lock (_lock)
        {
            _ended = true;
            if (_width > 0)
            {
                Console.Error.Write($"\r{new string(' ', _width)}\r");
            }
        }
    }

    private void Show(string text)
    {
        lock (_lock)
        {
            if (!_ended)
            {
                _width = text.Length;
                Console.Error.Write($"\r{text}");
            }
        }
    }
}
