using System.Globalization;
using System.Text;

namespace Skiff.Http.Health;

/// <summary>The text of <c>/metrics</c> (OpenMetrics 1.0).</summary>
internal static class OpenMetrics
{
    public const string ContentType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    public static string Write(IReadOnlyList<SiteMetrics> sites, ProcessFigures process)
    {
        var text = new StringBuilder(4096);
        Family(text, "skiff_http_requests", "counter", "Requests answered, by status.", null);
        foreach (var site in sites)
        {
            foreach (var (status, count) in site.ByStatus())
            {
                text.Append(CultureInfo.InvariantCulture, $"skiff_http_requests_total{{site=\"{Label(site.Site)}\",status=\"{status}\"}} {count}\n");
            }
        }

        Durations(text, sites);
        Each(text, sites, "skiff_http_requests_in_flight", "gauge", "Requests being answered.", site => site.InFlight);
        Each(text, sites, "skiff_http_requests_queued", "gauge", "Requests that wait for an instance.", site => site.Queued);
        Each(text, sites, "skiff_http_requests_refused", "counter", "Requests refused because they had waited too long for an instance.", site => site.Refused);
        Each(text, sites, "skiff_http_response_body_bytes", "counter", "Body bytes sent.", site => site.BytesSent);
        Each(text, sites, "skiff_guest_instances", "gauge", "Instances alive.", site => site.Instances);
        Each(text, sites, "skiff_guest_instances_created", "counter", "Instances made.", site => site.InstancesMade);
        Each(text, sites, "skiff_guest_traps", "counter", "Guests that trapped.", site => site.Traps);
        Each(text, sites, "skiff_guest_deadlines", "counter", "Guests ended because their time was over.", site => site.Deadlines);
        Family(text, "process_resident_memory_bytes", "gauge", "Memory of this process.", "bytes");
        text.Append(CultureInfo.InvariantCulture, $"process_resident_memory_bytes {process.ResidentBytes}\n");
        Family(text, "process_cpu_seconds", "counter", "Processor time of this process.", "seconds");
        text.Append(CultureInfo.InvariantCulture, $"process_cpu_seconds_total {process.ProcessorTime.TotalSeconds}\n");
        Family(text, "process_minor_faults", "counter", "Pages that were first touched.", null);
        text.Append(CultureInfo.InvariantCulture, $"process_minor_faults_total {process.MinorFaults}\n");
        return text.Append("# EOF\n").ToString();
    }

    private static void Durations(StringBuilder text, IReadOnlyList<SiteMetrics> sites)
    {
        const string Name = "skiff_http_request_duration_seconds";
        Family(text, Name, "histogram", "From the request's head to the end of its response.", "seconds");
        foreach (var site in sites)
        {
            var label = Label(site.Site);
            var counts = site.Durations();
            var sum = 0L;
            for (var i = 0; i < counts.Length; i++)
            {
                sum += counts[i];
                var bound = i < SiteMetrics.DurationBounds.Length ? SiteMetrics.DurationBounds[i].ToString("0.0###", CultureInfo.InvariantCulture) : "+Inf";
                text.Append(CultureInfo.InvariantCulture, $"{Name}_bucket{{site=\"{label}\",le=\"{bound}\"}} {sum}\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"{Name}_count{{site=\"{label}\"}} {sum}\n");
            text.Append(CultureInfo.InvariantCulture, $"{Name}_sum{{site=\"{label}\"}} {site.DurationTotal.TotalSeconds}\n");
        }
    }

    private static void Each(StringBuilder text, IReadOnlyList<SiteMetrics> sites, string name, string type, string help, Func<SiteMetrics, long> value)
    {
        Family(text, name, type, help, name.EndsWith("_bytes", StringComparison.Ordinal) ? "bytes" : null);
        foreach (var site in sites)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}{(type == "counter" ? "_total" : "")}{{site=\"{Label(site.Site)}\"}} {value(site)}\n");
        }
    }

    private static void Family(StringBuilder text, string name, string type, string help, string? unit)
    {
        text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {type}\n");
        if (unit is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"# UNIT {name} {unit}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n");
    }

    private static string Label(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
