using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Skiff.Guest;

namespace Skiff.Sandbox;

/// <summary>A guest in a guest host, as its channel shows it.</summary>
internal sealed class HostedProcess : IDisposable
{
    /// <summary>A host that does not answer at once is busy beyond measure: a figure is then not worth waiting for.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(5);

    private readonly GuestChannel _channel;
    private readonly GuestCode _code;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _asking = new(1);
    private readonly TaskCompletionSource<bool> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ProcessExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // A refusal has been told, or nobody wants to hear it: until then a refused guest has not ended, for its Start must say why.
    private readonly TaskCompletionSource _refusalTold = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<string>? _answer;
    private TaskCompletionSource<bool> _oom = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _oomKills;

    /// <param name="channel">From <see cref="GuestHost.Hand"/>; taken over.</param>
    /// <param name="code">What it runs; when it does not load, it is taken out of the cache.</param>
    public HostedProcess(Socket channel, GuestCode code, GuestOrder order, TimeProvider time)
    {
        (_channel, _code, _time) = (new GuestChannel(channel), code, time);
        _ = FollowAsync();
        _ = SendAsync(HostProtocol.Order, JsonSerializer.Serialize(order, GuestOrderJson.Default.GuestOrder));
    }

    public Task<ProcessExit> Exit => _exit.Task;

    public long OomKills => Interlocked.Read(ref _oomKills);

    /// <summary>Waits until the guest is ready and lets it run.</summary>
    /// <exception cref="SandboxException">The host refuses the guest; its text says why.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            // False: it was ended before; its exit tells.
            if (await _ready.Task.WaitAsync(cancellation))
            {
                await SendAsync(HostProtocol.Start);
            }
        }
        catch (SandboxException)
        {
            _refusalTold.TrySetResult();
            await _exit.Task;
            throw;
        }
    }

    /// <summary>False when it has already ended.</summary>
    public bool Signal(int signal)
    {
        if (_exit.Task.IsCompleted)
        {
            return false;
        }

        _refusalTold.TrySetResult();
        _ = SendAsync(HostProtocol.Signal, signal.ToString(CultureInfo.InvariantCulture));
        return true;
    }

    public Task PauseAsync(CancellationToken cancellation) => AskAsync(HostProtocol.Pause, HostProtocol.Paused, cancellation);

    public Task ResumeAsync(CancellationToken cancellation) => AskAsync(HostProtocol.Resume, HostProtocol.Resumed, cancellation);

    public Task LimitAsync(GuestResources limits) =>
        SendAsync(HostProtocol.Limits, JsonSerializer.Serialize(limits, GuestOrderJson.Default.GuestResources));

    public async Task<GuestUsage> UsageAsync(CancellationToken cancellation)
    {
        var json = await AskAsync(HostProtocol.Usage, HostProtocol.Usage, cancellation);
        return JsonSerializer.Deserialize(json, GuestOrderJson.Default.GuestUsage) ?? new GuestUsage();
    }

    /// <summary>True when it was killed for want of memory since the last answer, false when it has ended otherwise.</summary>
    public async Task<bool> WaitForOomAsync(CancellationToken cancellation)
    {
        var killed = await Volatile.Read(ref _oom).Task.WaitAsync(cancellation);
        Volatile.Write(ref _oom, new(TaskCreationOptions.RunContinuationsAsynchronously));
        if (_exit.Task.IsCompleted)
        {
            _oom.TrySetResult(false);
        }

        return killed;
    }

    public void Dispose() => _channel.Dispose();

    private async Task<string> AskAsync(string word, string answer, CancellationToken cancellation)
    {
        await _asking.WaitAsync(cancellation);
        try
        {
            var waiting = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _answer, waiting);
            await SendAsync(word);
            var line = await waiting.Task.WaitAsync(AnswerTime, _time, cancellation);
            return line.StartsWith(answer, StringComparison.Ordinal)
                ? line[answer.Length..].TrimStart()
                : throw new SandboxException($"The guest host answers '{line}' to {word}.");
        }
        catch (TimeoutException fault)
        {
            throw new SandboxException($"The guest host does not answer to {word} within {AnswerTime.TotalSeconds:0} s.", SandboxFault.Internal, fault);
        }
        finally
        {
            _asking.Release();
        }
    }

    // That the other side has gone is seen by who follows the channel.
    private Task<bool> SendAsync(string word, string? text = null) => _channel.SendAsync(text is null ? word : $"{word} {text}");

    private async Task FollowAsync()
    {
        var code = 128 + Linux.Signals.SIGKILL;
        try
        {
            while (await _channel.ReceiveAsync(CancellationToken.None) is { } line)
            {
                var blank = line.IndexOf(' ', StringComparison.Ordinal);
                var (word, text) = blank < 0 ? (line, "") : (line[..blank], line[(blank + 1)..]);
                if (word == HostProtocol.Exit)
                {
                    code = int.Parse(text, CultureInfo.InvariantCulture) & 0xFF;
                    break;
                }

                Hear(word, text, line);
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException or FormatException or InvalidDataException)
        {
            // As an end without a word: the host is gone, or is not of our version.
        }

        if (_ready.Task.IsFaulted)
        {
            await _refusalTold.Task;
        }

        _exit.TrySetResult(new ProcessExit(_ready.Task.IsFaulted ? GuestExit.CannotExecute : code, _time.GetUtcNow()));
        _ready.TrySetResult(false);
        Volatile.Read(ref _answer)?.TrySetException(new SandboxException("The guest has ended.", SandboxFault.NotFound));
        Volatile.Read(ref _oom).TrySetResult(false);
    }

    private void Hear(string word, string text, string line)
    {
        switch (word)
        {
            case HostProtocol.Ready:
                _ready.TrySetResult(true);
                break;
            case HostProtocol.Error:
                Refuse(new SandboxException(text, SandboxFault.InvalidArgument));
                break;
            case HostProtocol.Damaged:
                _code.Forget();
                Refuse(new SandboxException(
                    $"{text}. It was taken out of the cache: the next start of this module compiles it anew.", SandboxFault.FailedPrecondition));
                break;
            case HostProtocol.OutOfMemory:
                Interlocked.Increment(ref _oomKills);
                Volatile.Read(ref _oom).TrySetResult(true);
                break;
            default:
                Volatile.Read(ref _answer)?.TrySetResult(line);
                break;
        }
    }

    private void Refuse(SandboxException refusal)
    {
        _ready.TrySetException(refusal);

        // Nobody need ask for the start of a guest that is deleted at once.
        _ = _ready.Task.Exception;
    }
}
