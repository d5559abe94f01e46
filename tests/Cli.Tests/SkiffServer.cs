using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Skiff.Linux;

namespace Skiff.Cli.Tests;

/// <summary><c>skiff serve</c> as a process, on a free port. Disposed: killed, if it is still there.</summary>
internal sealed partial class SkiffServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly string _log;
    private readonly ChildProcess _process;

    private SkiffServer(string log, ChildProcess process) => (_log, _process) = (log, process);

    public HttpClient Client { get; } = new() { Timeout = Patience };

    public int Pid => _process.Pid;

    /// <summary>Requests and what else there was to say, as they were written.</summary>
    public string Log
    {
        get
        {
            using var file = new FileStream(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file, Encoding.UTF8);
            return reader.ReadToEnd();
        }
    }

    /// <summary>A port that nobody listened on a moment ago.</summary>
    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>Starts it and waits until it says where it serves.</summary>
    public static async Task<SkiffServer> StartAsync(SkiffProgram skiff, string guest, params string[] options)
    {
        const string Log = "serve.log";
        var server = new SkiffServer(
            Path.Combine(skiff.Folder, Log), skiff.SpawnLogged(Log, ["serve", "--addr", "127.0.0.1:0", .. options, guest]));
        try
        {
            var address = await server.SaysAsync(Ready());
            server.Client.BaseAddress = new Uri(address.Groups[1].Value);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until the log has a line like this.</summary>
    public async Task<Match> SaysAsync(Regex line)
    {
        var begun = TimeProvider.System.GetTimestamp();
        for (; ; )
        {
            var ended = _process.Exit.IsCompleted;
            var text = Log;
            if (line.Match(text) is { Success: true } found)
            {
                return found;
            }

            Assert.False(ended || TimeProvider.System.GetElapsedTime(begun) > Patience, $"no line like {line} in:\n{text}");
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }

    public Task<Match> SaysAsync(string text) => SaysAsync(new Regex(Regex.Escape(text)));

    /// <summary>Asks it to stop, and waits.</summary>
    public Task<ChildExit> StopAsync()
    {
        _process.Signal(Signals.SIGTERM);
        return _process.Exit.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    /// <summary>Process ids of its children.</summary>
    public IReadOnlyList<int> Children() =>
        [.. File.ReadAllText($"/proc/{_process.Pid}/task/{_process.Pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];

    /// <summary>The most that was resident of it so far.</summary>
    public long ResidentBytesMost
    {
        get
        {
            var line = File.ReadLines($"/proc/{_process.Pid}/status").First(one => one.StartsWith("VmHWM:", StringComparison.Ordinal));
            return 1024 * long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _process.Signal(Signals.SIGTERM);
        await Task.WhenAny(_process.Exit, Task.Delay(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        _process.Signal(Signals.SIGKILL);
        await _process.Exit;
    }

    [GeneratedRegex(@"serving \S+ on (https?://\S+)")]
    private static partial Regex Ready();
}
