using System.Globalization;
using System.Text.Json;
using Skiff.Guest;
using Skiff.Linux;
using Skiff.Sandbox;
using Skiff.Shim.Bootstrap;
using Skiff.Shim.Server;
using Skiff.Shim.Tasks;
using Skiff.Ttrpc;

namespace Skiff.Shim.Listing;

/// <summary>Tells <c>skiff ps</c> what this shim has (<see cref="NodeStatus"/>).</summary>
/// <remarks>One call a connection.</remarks>
internal sealed class StatusRpc(string @namespace, Isolation isolation, TaskService tasks, IServerUse use)
{
    public IReadOnlyDictionary<string, TtrpcHandler> Methods() => new Dictionary<string, TtrpcHandler>(StringComparer.Ordinal)
    {
        [NodeStatus.List] = async (_, call) => await ListAsync(call.CancellationToken),
    };

    private async Task<ReadOnlyMemory<byte>> ListAsync(CancellationToken cancellation)
    {
        use.LookedAt();
        var guests = await Task.WhenAll(tasks.Summaries().Select(summary => StatusAsync(summary, cancellation)));
        return JsonSerializer.SerializeToUtf8Bytes(
            new ServerStatus(Environment.ProcessId, ShimVersion.Version, @namespace, isolation.ToString().ToLowerInvariant(), guests),
            NodeStatusJson.Default.ServerStatus);
    }

    private static async Task<GuestStatus> StatusAsync(TaskSummary summary, CancellationToken cancellation)
    {
        var guest = summary.Guest;
        return new GuestStatus(
            summary.Id,
            summary.Pod,
            summary.State.ToString().ToLowerInvariant(),
            guest?.Pid ?? 0,
            summary.CreatedAt,
            summary.Output,
            guest is null ? null : await UsageAsync(guest, cancellation));
    }

    private static async Task<GuestUsage?> UsageAsync(IGuest guest, CancellationToken cancellation)
    {
        try
        {
            return await guest.UsageAsync(cancellation) ?? UsageOf(guest.ControlGroup);
        }
        catch (Exception failure) when (failure is SandboxException or IOException)
        {
            // It is ending: a list of the others is worth more than a failure.
            return null;
        }
    }

    private static GuestUsage UsageOf(ControlGroup group) => new()
    {
        CpuNanoseconds = Number(group.TryRead("cpuacct", "cpuacct.usage"))
            ?? ControlGroupFigure(group.TryRead("cpu", "cpu.stat"), "usage_usec") * 1000,
        MemoryBytes = Number(group.TryRead("memory", "memory.usage_in_bytes")) ?? Number(group.TryRead("memory", "memory.current")) ?? 0,
    };

    private static long? Number(string? text) => long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static long ControlGroupFigure(string? text, string name) => text is null ? 0 : ControlGroup.Figure(text, name);
}
