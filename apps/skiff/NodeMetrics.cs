using System.Globalization;
using Skiff.Guest;
using Skiff.Http.Health;

namespace Skiff.Cli;

/// <summary>What the shims of this node tell, as metrics: of the node as a whole, and of each container.</summary>
internal static class NodeMetrics
{
    public static string Write(IReadOnlyList<ServerStatus> servers)
    {
        var text = new MetricsText();
        text.Family("skiff_shim", "info", "A shim that runs on this node.");
        foreach (var server in servers)
        {
            text.Sample(
                1, ("namespace", server.Namespace), ("isolation", server.Isolation), ("version", server.Version), ("pid", server.Pid.ToString(CultureInfo.InvariantCulture)));
        }

        var containers = servers.SelectMany(server => server.Guests.Select(guest => new Container(server, guest))).ToList();
        text.Family("skiff_sandboxes", "gauge", "Pods on this node; a container without a pod counts as one.");
        foreach (var group in servers.GroupBy(server => (server.Namespace, server.Isolation)))
        {
            var pods = group.SelectMany(server => server.Guests).Select(guest => guest.Pod).Distinct(StringComparer.Ordinal).Count();
            text.Sample(pods, ("namespace", group.Key.Namespace), ("isolation", group.Key.Isolation));
        }

        text.Family("skiff_containers", "gauge", "Containers on this node, by their state.");
        foreach (var group in containers.GroupBy(one => (one.Server.Namespace, one.Server.Isolation, one.Guest.State)))
        {
            text.Sample(group.Count(), ("namespace", group.Key.Namespace), ("isolation", group.Key.Isolation), ("state", group.Key.State));
        }

        text.Family("skiff_container_created_timestamp_seconds", "gauge", "When the container was created.", "seconds");
        foreach (var one in containers)
        {
            text.Sample(one.Guest.CreatedAt.ToUnixTimeMilliseconds() / 1000.0, one.Labels);
        }

        Each("skiff_container_cpu_seconds", "counter", "CPU time that the container has used.", "seconds", usage => usage.CpuNanoseconds / 1e9);
        Each("skiff_container_memory_bytes", "gauge", "Memory that the container holds.", "bytes", usage => usage.MemoryBytes);
        Each("skiff_container_memory_limit_bytes", "gauge", "Memory that the container may hold.", "bytes", usage => usage.MemoryLimitBytes);
        Each("skiff_container_memory_refusals", "counter", "How often memory was refused, or the container ended for want of it.", null, usage => usage.MemoryRefusals);
        Each("skiff_container_throttled_seconds", "counter", "How long the CPU quota has held the container back.", "seconds", usage => usage.ThrottledNanoseconds / 1e9);
        Each("skiff_container_throttles", "counter", "In how many waits the CPU quota has held the container back.", null, usage => usage.Throttles);
        Each("skiff_container_http_requests", "counter", "HTTP requests answered.", null, usage => usage.Requests);
        Each("skiff_container_http_requests_in_flight", "gauge", "HTTP requests being answered.", null, usage => usage.RequestsInFlight);
        Each("skiff_container_http_requests_refused", "counter", "HTTP requests refused, because as many were in flight as may be.", null, usage => usage.RequestsRefused);
        Each("skiff_container_http_connections", "gauge", "Connections of HTTP clients.", null, usage => usage.Connections);
        Each("skiff_container_instances", "gauge", "Wasm instances alive.", null, usage => usage.Instances);
        Each("skiff_container_open_files", "gauge", "Files, directories and sockets that the guest has open.", null, usage => usage.OpenFiles);
        Each("skiff_container_sockets", "gauge", "Sockets that the guest has open, connections of its HTTP requests included.", null, usage => usage.Sockets);
        Each("skiff_container_timers", "gauge", "Times that the guest waits for.", null, usage => usage.Timers);
        Each("skiff_container_log_bytes", "counter", "Bytes that the guest has written to stdout and stderr.", "bytes", usage => usage.LogBytes);
        Each("skiff_container_log_held_seconds", "counter", "How long the limit of log bytes has held the guest back.", "seconds", usage => usage.LogHeldNanoseconds / 1e9);
        text.Family("skiff_container_refusals", "counter", "How often the guest was refused one more of something, by the limit that it met.");
        foreach (var one in containers.Where(one => one.Guest.Usage is not null))
        {
            var usage = one.Guest.Usage!;
            text.Sample(usage.OpenFilesRefused, [.. one.Labels, ("limit", GuestBounds.OpenFilesWord)]);
            text.Sample(usage.SocketsRefused, [.. one.Labels, ("limit", GuestBounds.SocketsWord)]);
            text.Sample(usage.TimersRefused, [.. one.Labels, ("limit", GuestBounds.TimersWord)]);
            text.Sample(usage.ConnectionsHeldBack, [.. one.Labels, ("limit", GuestBounds.ConnectionsWord)]);
        }

        return text.ToString();

        void Each(string name, string type, string help, string? unit, Func<GuestUsage, double?> value)
        {
            text.Family(name, type, help, unit);
            foreach (var one in containers)
            {
                if (one.Guest.Usage is { } usage && value(usage) is { } figure)
                {
                    text.Sample(figure, one.Labels);
                }
            }
        }
    }

    private sealed record Container(ServerStatus Server, GuestStatus Guest)
    {
        public (string Name, string Value)[] Labels { get; } =
            [("namespace", Server.Namespace), ("pod", Guest.Pod), ("container", Guest.Id), ("isolation", Server.Isolation)];
    }
}
