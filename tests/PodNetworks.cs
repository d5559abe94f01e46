using System.Diagnostics;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Skiff.Linux;

namespace Skiff.Testing;

/// <summary>
/// Network namespaces of pods, made with iproute2: each with its loopback and an address in one network, whose switch is a bridge in a
/// further namespace. Nothing of it is in the test program's own namespace. Ends with all that it made.
/// </summary>
internal sealed class PodNetworks : IDisposable
{
    private readonly string _prefix = string.Create(CultureInfo.InvariantCulture, $"skw{Environment.ProcessId}x{Guid.NewGuid().ToString("N")[..6]}");
    private readonly int _pods;

    /// <summary>Skips the test where this program may not make namespaces.</summary>
    public PodNetworks(int pods)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/usr/sbin/ip"), "network namespaces need root and iproute2");
        _pods = pods;
        Thread = new NamespaceThread();
        try
        {
            Run($"ip netns add {Switch}; ip -n {Switch} link set lo up; ip -n {Switch} link add br0 type bridge; ip -n {Switch} link set br0 up; "
                + $"ip -n {Switch} addr add {ServerAddress}/24 dev br0; ip -n {Switch} addr add {ServerAddressV6}/64 dev br0 nodad");
            for (var pod = 0; pod < pods; pod++)
            {
                var (name, port) = (Name(pod), $"p{pod}");
                Run($"ip netns add {name}; ip -n {name} link set lo up; ip -n {Switch} link add {port} type veth peer name eth0 netns {name}; "
                    + $"ip -n {Switch} link set {port} master br0 up; ip -n {name} link set eth0 up; "
                    + $"ip -n {name} addr add {Address(pod)}/24 dev eth0; ip -n {name} addr add fd77::1{pod}/64 dev eth0 nodad");
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public NamespaceThread Thread { get; }

    /// <summary>The switch's own address, for servers that all pods reach.</summary>
    public static string ServerAddress => "10.77.0.1";

    public static string ServerAddressV6 => "fd77::1";

    private string Switch => _prefix + "s";

    public static string Address(int pod) => string.Create(CultureInfo.InvariantCulture, $"10.77.0.{10 + pod}");

    /// <summary>
    /// The threads of this program that are not in its network namespace, with their names; one that makes sockets abroad this very
    /// moment is left out.
    /// </summary>
    public static IReadOnlyList<string> Strays()
    {
        var home = new FileInfo("/proc/self/ns/net").LinkTarget;
        Assert.NotNull(home);
        return [.. Directory.EnumerateDirectories("/proc/self/task")
            .Select(task => (Name: TryRead(task + "/comm"), Network: new FileInfo(task + "/ns/net").LinkTarget))
            .Where(task => task.Network is not null && task.Network != home && !"network namespaces".StartsWith(task.Name, StringComparison.Ordinal))
            .Select(task => $"{task.Name} in {task.Network}")];
    }

    public NetworkNamespace Open(int pod) => new(OpenFile(Name(pod)), Thread);

    public NetworkNamespace OpenSwitch() => new(OpenFile(Switch), Thread);

    public void Dispose()
    {
        Thread.Dispose();
        Run($"for n in {Switch} {string.Join(' ', Enumerable.Range(0, _pods).Select(Name))}; do ip netns del $n; done");
    }

    private static SafeFileHandle OpenFile(string name) => File.OpenHandle($"/run/netns/{name}", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);

    private string Name(int pod) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}{pod}");

    private static string TryRead(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (IOException)
        {
            return "gone";
        }
    }

    private static void Run(string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-ec", script]) { RedirectStandardError = true })!;
        var complaint = shell.StandardError.ReadToEnd();
        shell.WaitForExit();
        Assert.True(shell.ExitCode == 0, $"{script}: {complaint}");
    }
}
