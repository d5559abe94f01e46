using System.Text;

namespace Skiff.Harness;

/// <summary>The FIFOs of a task as containerd's client holds them: one to write, two to read until their end.</summary>
internal sealed class Stdio : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skfio").FullName;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private FileStream? _input;

    private Stdio(bool withInput) => InputPath = withInput ? Path.Combine(_folder, "in") : "";

    public string InputPath { get; }

    public string OutputPath => Path.Combine(_folder, "out");

    public string ErrorPath => Path.Combine(_folder, "err");

    /// <summary>Completes when every writer has closed: containerd and CRI wait for the same.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public string Error
    {
        get
        {
            lock (_error)
            {
                return _error.ToString();
            }
        }
    }

    public static async Task<Stdio> CreateAsync(bool withInput = false, bool terminal = false)
    {
        var stdio = new Stdio(withInput);
        string[] paths = [stdio.OutputPath, stdio.ErrorPath, .. withInput ? new[] { stdio.InputPath } : []];
        (await Command.RunAsync("mkfifo", paths)).Succeeded();
        stdio.Ended = terminal
            ? ReadOnThreadAsync(stdio.OutputPath, stdio._output)
            : Task.WhenAll(ReadOnThreadAsync(stdio.OutputPath, stdio._output), ReadOnThreadAsync(stdio.ErrorPath, stdio._error));
        return stdio;
    }

    public async Task WriteAsync(string text)
    {
        // Opening for writing waits for the reader: only once the task has been created is there one.
        _input ??= await Task.Run(() => new FileStream(InputPath, FileMode.Open, FileAccess.Write)).WaitAsync(TimeSpan.FromSeconds(10));
        await _input.WriteAsync(Encoding.UTF8.GetBytes(text));
        await _input.FlushAsync();
    }

    public void CloseInput()
    {
        _input?.Dispose();
        _input = null;
    }

    public Task SaysAsync(string text) =>
        Eventually.BecomesTrueAsync(() => Output.Contains(text, StringComparison.Ordinal), $"stdout says {text}; so far: {Output} {Error}");

    public void Dispose()
    {
        CloseInput();
        // `ctr task delete` removes the folder of a task's FIFOs itself.
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>A thread each: opening and reading a FIFO block, and many tests hold many of them.</summary>
    private static Task ReadOnThreadAsync(string path, StringBuilder text) => Task.Factory.StartNew(
        () => Read(path, text), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void Read(string path, StringBuilder text)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        var buffer = new byte[65536];
        int count;
        while ((count = stream.Read(buffer)) > 0)
        {
            lock (text)
            {
                text.Append(Encoding.UTF8.GetString(buffer, 0, count));
            }
        }
    }
}
