using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Skiff.Guest;
using Skiff.Linux;
using Skiff.Runner.Hosting;
using Names = Skiff.Guest.HostProtocol.Descriptor;

namespace Skiff.Runner.Tests.Hosting;

/// <summary>The shim's side of a guest host, which runs in this process or in one of its own.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DescriptorSocket _control;
    private readonly Task _running;

    public TestHost()
    {
        (_control, var theirs) = DescriptorSocket.Pair();
        _running = Task.Run(() => GuestHost.RunAsync(new DescriptorSocket(theirs), TimeProvider.System, Log.Enqueue, CancellationToken.None));
        Cache = new CodeCache(Path.Combine(_folder.Path, "cache"));
    }

    /// <param name="start">Starts a process with the socket as its descriptor 3; completes when it has ended.</param>
    public TestHost(Func<SafeFileHandle, Task> start)
    {
        (_control, var theirs) = DescriptorSocket.Pair();
        using (theirs)
        {
            _running = start(theirs);
        }

        Cache = new CodeCache(Path.Combine(_folder.Path, "cache"));
    }

    public System.Collections.Concurrent.ConcurrentQueue<string> Log { get; } = new();

    public CodeCache Cache { get; }

    public string Folder => _folder.Path;

    /// <summary>Hands a guest over and says its order.</summary>
    public async Task<TestGuest> OrderAsync(
        string text, Func<GuestOrder, GuestOrder>? change = null, string? root = null, SafeFileHandle? input = null, SafeFileHandle? output = null, SafeFileHandle? error = null)
    {
        var code = Compile(text);
        var (names, handles) = (new List<string> { Names.Code }, new List<SafeFileHandle> { File.OpenHandle(code.Path) });
        foreach (var module in code.Modules)
        {
            names.Add(Names.Module);
            handles.Add(File.OpenHandle(module));
        }

        void Add(string name, SafeFileHandle? handle)
        {
            if (handle is not null)
            {
                names.Add(name);
                handles.Add(handle);
            }
        }

        Add(Names.Input, input);
        var pipes = new List<SafeFileHandle>();
        SafeFileHandle NewPipe(string name)
        {
            var (read, write) = Descriptors.Pipe();
            pipes.Add(read);
            Add(name, write);
            return read;
        }

        var lines = output is null ? NewPipe(Names.Output) : null;
        var errors = error is null ? NewPipe(Names.ErrorOutput) : null;
        Add(Names.Output, output);
        Add(Names.ErrorOutput, error);
        Add(Names.Root, root is null ? null : RootDirectory.OpenPlace(root));
        var guest = Send(names, handles);
        handles.Where(handle => handle != input && handle != output && handle != error).ToList().ForEach(handle => handle.Dispose());
        (guest.Output, guest.Error) = (Collect(lines), Collect(errors));
        var order = new GuestOrder
        {
            Name = "default/test",
            Pod = "default/test",
            Arguments = ["test"],
            Environment = [],
            Kind = code.Kind,
            Permissions = [],
        };
        await guest.SayAsync($"{HostProtocol.Order} {JsonSerializer.Serialize(change?.Invoke(order) ?? order, GuestOrderJson.Default.GuestOrder)}");
        return guest;
    }

    /// <summary>Orders a guest, starts it and waits for its end.</summary>
    public async Task<int> RunAsync(string text, Func<GuestOrder, GuestOrder>? change = null)
    {
        await using var guest = await StartAsync(text, change);
        return await guest.ExitAsync();
    }

    public async Task<TestGuest> StartAsync(string text, Func<GuestOrder, GuestOrder>? change = null)
    {
        var guest = await OrderAsync(text, change);
        Assert.Equal(HostProtocol.Ready, await guest.HearAsync());
        await guest.SayAsync(HostProtocol.Start);
        return guest;
    }

    /// <summary>A message of the control socket with a channel, whatever else it has.</summary>
    public TestGuest Send(IReadOnlyList<string> names, IReadOnlyList<SafeFileHandle> handles)
    {
        var (ours, theirs) = Descriptors.SocketPair();
        using (theirs)
        {
            _control.Send(Encoding.UTF8.GetBytes(string.Join(',', names.Prepend(Names.Channel))), [theirs, .. handles]);
        }

        return new TestGuest(ours);
    }

    public void SendNonsense(string message) => _control.Send(Encoding.UTF8.GetBytes(message), []);

    public async ValueTask DisposeAsync()
    {
        _control.Dispose();
        await _running;
        _folder.Dispose();
    }

    private CompiledCode Compile(string text) =>
        new ModuleCompiler(Cache, _ => Stream.Null, CodeCache.BytesMaxDefault).Compile("test", Encoding.UTF8.GetBytes(text)).Code;

    private static Task<string> Collect(SafeFileHandle? handle) => handle is null ? Task.FromResult("") : Task.Factory.StartNew(
        () =>
        {
            using var reader = new StreamReader(new FileStream(handle, System.IO.FileAccess.Read, 1));
            return reader.ReadToEnd();
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);
}

/// <summary>The shim's end of a guest's channel.</summary>
internal sealed class TestGuest(Socket channel) : IAsyncDisposable
{
    private readonly StreamReader _reader = new(new NetworkStream(channel, ownsSocket: true));

    /// <summary>Everything that it writes to stdout, once that has ended.</summary>
    public Task<string> Output { get; set; } = Task.FromResult("");

    public Task<string> Error { get; set; } = Task.FromResult("");

    public async Task SayAsync(string line) => await channel.SendAsync(Encoding.UTF8.GetBytes(line + "\n"));

    /// <summary>Kills it, if it has not ended by itself meanwhile.</summary>
    public async Task KillAsync()
    {
        try
        {
            await SayAsync("signal 9");
        }
        catch (SocketException)
        {
            // It has.
        }
    }

    /// <summary>The next line; null when the host has closed.</summary>
    public async Task<string?> HearAsync() => await _reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));

    public async Task<int> ExitAsync()
    {
        var line = await HearAsync();
        Assert.StartsWith(HostProtocol.Exit + " ", line, StringComparison.Ordinal);
        Assert.Null(await HearAsync());
        return int.Parse(line![(HostProtocol.Exit.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }

    public async Task<GuestUsage> UsageAsync()
    {
        await SayAsync(HostProtocol.Usage);
        var line = await HearAsync();
        Assert.StartsWith(HostProtocol.Usage + " ", line, StringComparison.Ordinal);
        return JsonSerializer.Deserialize(line![(HostProtocol.Usage.Length + 1)..], GuestOrderJson.Default.GuestUsage)!;
    }

    /// <summary>The first usage that is as wanted; asked for again and again.</summary>
    public async Task<GuestUsage> UsageAsync(Func<GuestUsage, bool> wanted)
    {
        while (true)
        {
            var usage = await UsageAsync();
            if (wanted(usage))
            {
                return usage;
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        return ValueTask.CompletedTask;
    }
}
