using Skiff.Harness;

namespace Skiff.Functional.Contract;

/// <summary>The shim as a program: what containerd executes, without containerd.</summary>
public sealed class ShimProgramTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skfc").FullName;
    private readonly List<string> _addresses = [];

    public static TheoryData<string[]> FlagStyles => new(
        ["-namespace", "ns", "-id", "ID", "-address", "SOCKET"],
        ["--namespace", "ns", "--id", "ID", "--address", "SOCKET"],
        ["-namespace=ns", "-id=ID", "-address=SOCKET"],
        ["--namespace=ns", "--id=ID", "--address=SOCKET", "-debug"]);

    [Fact]
    public async Task Version_is_told_without_a_bundle()
    {
        var result = await Command.RunAsync(Repository.Shim, ["-v"]);

        Assert.Contains("Version:", result.Succeeded(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Info_is_told_without_flags_or_input()
    {
        var result = await Command.RunAsync(Repository.Shim, ["-info"]);

        // RuntimeInfo: name is field 1.
        Assert.StartsWith("\n", result.Succeeded(), StringComparison.Ordinal);
        Assert.Contains("skiff", result.Output, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(FlagStyles))]
    public async Task Every_style_of_flags_is_understood(string[] flags)
    {
        var bundle = Bundle("style");

        var result = await StartAsync(bundle, [.. flags.Select(flag => Fill(flag, "style")), "start"]);

        Assert.Matches(@"\Aunix:///\S+\s*\z", result.Succeeded());
        Assert.Equal("", result.Error);
    }

    [Fact]
    public async Task Twenty_starts_at_once_give_one_address()
    {
        var bundle = Bundle("race");

        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => StartAsync(bundle, Arguments("race", "start"))));

        Assert.Single(results.Select(result => result.Succeeded().Trim()).Distinct());
        Assert.Single(Servers());
    }

    [Fact]
    public async Task Containers_of_a_pod_share_a_server()
    {
        var sandbox = await StartAsync(Bundle("pod", "pod"), Arguments("pod", "start"));
        var member = await StartAsync(Bundle("member", "pod"), Arguments("member", "start"));
        var stranger = await StartAsync(Bundle("stranger"), Arguments("stranger", "start"));

        Assert.Equal(sandbox.Succeeded().Trim(), member.Succeeded().Trim());
        Assert.NotEqual(sandbox.Output.Trim(), stranger.Succeeded().Trim());
    }

    [Fact]
    public async Task A_server_that_nobody_uses_goes_away()
    {
        var result = await StartAsync(Bundle("idle"), Arguments("idle", "start"));
        var socket = result.Succeeded().Trim()["unix://".Length..];
        Assert.Single(Servers());

        await Eventually.BecomesTrueAsync(
            () => !Servers().Any() && !File.Exists(socket), "server and socket are gone", TimeSpan.FromSeconds(45));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Delete_is_idempotent_and_needs_no_server(bool withBundle)
    {
        var bundle = withBundle ? Bundle("gone") : Path.Combine(_folder, "never");
        for (var i = 0; i < 2; i++)
        {
            var arguments = Arguments("gone", "delete").Prepend(bundle).Prepend("-bundle");
            var result = await Command.RunAsync(Repository.Shim, arguments, directory: "/");

            Assert.Equal(0, result.ExitCode);
            // DeleteResponse of the shim: exit_status is field 2.
            Assert.Contains("\u0010", result.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_shim_that_lacks_its_id_says_so()
    {
        var result = await Command.RunAsync(Repository.Shim, ["-namespace", "ns", "start"], directory: _folder);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("id", result.Error + result.Output, StringComparison.Ordinal);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var pid in Servers().ToList())
        {
            Signals.Send(pid, Signals.Kill);
        }

        await Eventually.BecomesTrueAsync(() => !Servers().Any(), "servers end");
        foreach (var address in _addresses)
        {
            File.Delete(address["unix://".Length..]);
        }

        Directory.Delete(_folder, recursive: true);
    }

    private string Bundle(string id, string? group = null)
    {
        var bundle = Path.Combine(_folder, id);
        Directory.CreateDirectory(bundle);
        var annotations = group is null ? "" : $",\"annotations\":{{\"io.kubernetes.cri.sandbox-id\":\"{group}\"}}";
        File.WriteAllText(Path.Combine(bundle, "config.json"), """
            {"ociVersion":"1.0.2","process":{"cwd":"/","args":["/x"],"user":{"uid":0,"gid":0}},"root":{"path":"rootfs"}ANNOTATIONS}
            """.Replace("ANNOTATIONS", annotations, StringComparison.Ordinal));
        return bundle;
    }

    private string Fill(string flag, string id) => flag.Replace("ID", id, StringComparison.Ordinal)
        .Replace("SOCKET", Path.Combine(_folder, "containerd.sock"), StringComparison.Ordinal);

    private string[] Arguments(string id, string verb) =>
        ["-namespace", "ns", "-address", Path.Combine(_folder, "containerd.sock"), "-publish-binary", "/bin/true", "-id", id, verb];

    private async Task<CommandResult> StartAsync(string bundle, string[] arguments)
    {
        var environment = new Dictionary<string, string?> { ["TTRPC_ADDRESS"] = Path.Combine(_folder, "containerd.sock.ttrpc") };
        var result = await Command.RunAsync(Repository.Shim, arguments, environment: environment, directory: bundle);
        if (result.ExitCode == 0)
        {
            lock (_addresses)
            {
                _addresses.Add(result.Output.Trim());
            }
        }

        return result;
    }

    private IEnumerable<int> Servers() => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), out var pid) ? pid : 0)
        .Where(pid => pid > 0 && pid != Environment.ProcessId && Signals.IsAlive(pid) && Mentions(pid));

    private bool Mentions(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/environ").Contains(_folder, StringComparison.Ordinal)
                || File.ReadAllText($"/proc/{pid}/cmdline").Contains(_folder, StringComparison.Ordinal);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
