using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Skiff.Bench.Http;

/// <summary>A server under measurement, in a process of its own. It is ready when it has answered a request.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(1);

    private readonly Process _process;

    private ServerProcess(Process process, int port, TimeSpan untilAnswer) => (_process, Port, UntilAnswer) = (process, port, untilAnswer);

    public int Port { get; }

    /// <summary>From before the process was made to its first answer.</summary>
    public TimeSpan UntilAnswer { get; }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}");

    /// <summary>Processor time of all threads so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>The most that was resident; pages that lie in the process many times count as often.</summary>
    public long ResidentBytesMost => Kilobytes("status", "VmHWM") * 1024;

    /// <summary>What the process has now of memory that would be free without it.</summary>
    public long ProportionalBytes => Kilobytes("smaps_rollup", "Pss") * 1024;

    /// <summary>This program in another role.</summary>
    public static Task<ServerProcess> StartAsync(Func<int, string[]> arguments) => StartAsync(Environment.ProcessPath!, arguments);

    public static async Task<ServerProcess> StartAsync(string program, Func<int, string[]> arguments)
    {
        var port = FreePort();
        var begun = TimeProvider.System.GetTimestamp();
        var process = Process.Start(new ProcessStartInfo(program, arguments(port)) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        while (!await AnswersAsync(port))
        {
            if (process.HasExited || TimeProvider.System.GetElapsedTime(begun) > Patience)
            {
                throw new InvalidOperationException($"the server did not start: {program} {string.Join(' ', arguments(port))}");
            }

            await Task.Delay(Round);
        }

        return new ServerProcess(process, port, TimeProvider.System.GetElapsedTime(begun));
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(System.Net.IPAddress.Loopback, port);
        }
        catch (SocketException)
        {
            return false;
        }

        await socket.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
        var answer = new byte[1024];
        var count = await socket.ReceiveAsync(answer);
        var line = Encoding.ASCII.GetString(answer, 0, count);
        return line.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal)
            ? true
            : throw new InvalidOperationException($"the server's first answer is {line}");
    }

    private long Kilobytes(string file, string name)
    {
        var line = File.ReadLines($"/proc/{_process.Id}/{file}").First(one => one.StartsWith(name + ":", StringComparison.Ordinal));
        return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        return ((System.Net.IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
