using System.Globalization;
using System.Runtime.InteropServices;
using Skiff.Linux;

namespace Skiff.Sandbox;

/// <summary>What a new process in a container gets from us. The handles stay the caller's.</summary>
/// <param name="ConsoleSocket">Path that the runtime sends the terminal to; null without one.</param>
/// <param name="Inherited">Become descriptors 3, 4, … of the process.</param>
internal sealed record ProcessDescriptors(GuestStdio Stdio, string? ConsoleSocket, IReadOnlyList<SafeHandle> Inherited);

/// <summary>The command line of crun and runc for one container, kept in one <see cref="GuestFolder"/>.</summary>
internal sealed class OciRuntime(ChildReaper reaper, string program, GuestFolder folder, string id, bool systemdCgroup)
{
    /// <summary>Creating includes the hooks of the spec, which may configure a network.</summary>
    private static readonly TimeSpan CreateTime = TimeSpan.FromMinutes(2);

    /// <summary>How long the runtime's own processes may linger between us and the init.</summary>
    private static readonly TimeSpan AdoptTime = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan CommandTime = TimeSpan.FromSeconds(30);

    private int _execs;

    public string Program => program;

    /// <summary>Control groups are made by asking systemd for a unit, which has to be asked to remove it too.</summary>
    public bool UsesSystemd => systemdCgroup;

    private string Name => Path.GetFileName(program);

    /// <summary>Makes the container and its init process; with <paramref name="started"/> the init has also been exec'd.</summary>
    public Task<ChildProcess> CreateAsync(bool started, ProcessDescriptors descriptors, CancellationToken cancellation)
    {
        List<string> arguments = started ? ["run", "--detach"] : ["create"];
        arguments.AddRange(["--bundle", folder.Path]);
        return LaunchAsync("create", arguments, folder.In("init.pid"), folder.In("log.json"), descriptors, cancellation);
    }

    /// <summary>Starts a further process; <paramref name="processJson"/> is the OCI <c>process</c> object.</summary>
    public async Task<ChildProcess> ExecAsync(byte[] processJson, ProcessDescriptors descriptors, CancellationToken cancellation)
    {
        // Exec ids are the user's and may be long; a number of our own is enough, the files live as long as the call.
        var name = string.Create(CultureInfo.InvariantCulture, $"exec{Interlocked.Increment(ref _execs)}");
        string process = folder.In(name + ".json"), pid = folder.In(name + ".pid"), log = folder.In(name + ".log");
        await File.WriteAllBytesAsync(process, processJson, cancellation);
        try
        {
            return await LaunchAsync("exec", ["exec", "--detach", "--process", process], pid, log, descriptors, cancellation);
        }
        finally
        {
            File.Delete(process);
            File.Delete(pid);
            File.Delete(log);
        }
    }

    public Task StartAsync(CancellationToken cancellation) => CommandAsync("start", [], CreateTime, cancellation);

    public Task PauseAsync(CancellationToken cancellation) => CommandAsync("pause", [], CommandTime, cancellation);

    public Task ResumeAsync(CancellationToken cancellation) => CommandAsync("resume", [], CommandTime, cancellation);

    /// <param name="resourcesJson">The OCI <c>linux.resources</c> object.</param>
    public async Task UpdateAsync(ReadOnlyMemory<byte> resourcesJson, CancellationToken cancellation)
    {
        var file = folder.In("resources.json");
        await File.WriteAllBytesAsync(file, resourcesJson, cancellation);
        try
        {
            await CommandAsync("update", ["--resources", file], CommandTime, cancellation);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Ends what still runs and removes container and control group. A container the runtime has no records of is no error.</summary>
    public async Task DeleteAsync(CancellationToken cancellation)
    {
        if (Directory.Exists(Path.Combine(folder.State, id)))
        {
            await CommandAsync("delete", ["--force"], CommandTime, cancellation);
        }
    }

    private async Task<ChildProcess> LaunchAsync(
        string operation, IReadOnlyList<string> arguments, string pidFile, string log, ProcessDescriptors descriptors, CancellationToken cancellation)
    {
        var (stdio, console, inherited) = descriptors;
        using var nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var request = new SpawnRequest
        {
            Program = program,
            Arguments =
            [
                .. Global("--log", log, "--log-format", "json"), .. arguments, "--pid-file", pidFile,
                .. console is null ? (ReadOnlySpan<string>)[] : ["--console-socket", console],
                .. inherited.Count == 0 ? (ReadOnlySpan<string>)[] : ["--preserve-fds", inherited.Count.ToString(CultureInfo.InvariantCulture)],
                id,
            ],
            WorkingDirectory = folder.Path,
            StandardInput = stdio.Input,

            // What is left open would be captured, and the container would write into our memory.
            StandardOutput = stdio.Output ?? nothing,
            StandardError = stdio.Error ?? nothing,
            Inherited = inherited,
        };
        using var orphan = reaper.ExpectOrphan();
        var result = await RunAsync(operation, request, CreateTime, cancellation);
        return result.Exit.Code == 0
            ? await reaper.AdoptAsync(ReadPid(pidFile), AdoptTime, cancellation)
            : throw Failed(operation, RuntimeError.Parse(RuntimeError.ReadLog(log)), result);
    }

    private async Task CommandAsync(string operation, IReadOnlyList<string> options, TimeSpan time, CancellationToken cancellation)
    {
        var request = new SpawnRequest
        {
            Program = program,
            Arguments = [.. Global("--log-format", "json"), operation, .. options, id],
            WorkingDirectory = "/",
        };
        var result = await RunAsync(operation, request, time, cancellation);
        if (result.Exit.Code != 0)
        {
            throw Failed(operation, RuntimeError.Parse(result.ErrorOutput), result);
        }
    }

    private IReadOnlyList<string> Global(params IReadOnlyList<string> log) =>
        [Name, "--root", folder.State, .. log, .. systemdCgroup ? (ReadOnlySpan<string>)["--systemd-cgroup"] : []];

    private async Task<ProgramResult> RunAsync(string operation, SpawnRequest request, TimeSpan time, CancellationToken cancellation)
    {
        try
        {
            return await reaper.RunAsync(request, time, cancellation);
        }
        catch (Exception fault) when (fault is LinuxException or TimeoutException)
        {
            throw new SandboxException($"{Name} {operation}: {fault.Message}", SandboxFault.Internal, fault);
        }
    }

    private SandboxException Failed(string operation, string? reason, ProgramResult result)
    {
        reason ??= result.Exit.Signal != 0
            ? $"ended by signal {result.Exit.Signal} without a word"
            : $"ended with {result.Exit.Code} without a word";
        return new SandboxException($"{Name} {operation}: {reason}", RuntimeError.FaultOf(reason));
    }

    private int ReadPid(string file)
    {
        var text = File.ReadAllText(file);
        return int.TryParse(text, CultureInfo.InvariantCulture, out var pid) && pid > 1
            ? pid
            : throw new SandboxException($"{Name} wrote no process number into {file}.");
    }
}
