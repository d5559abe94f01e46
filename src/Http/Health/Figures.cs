using System.Globalization;

namespace Skiff.Http.Health;

/// <summary>What there is to tell at one moment: of all processes that serve together.</summary>
public sealed record Figures(IReadOnlyList<SiteMetrics> Sites, ProcessFigures Process)
{
    /// <summary>As <c>/metrics</c> tells it.</summary>
    public string ToMetrics()
    {
        var text = new MetricsText();
        text.Family("skiff_http_requests", "counter", "Requests answered, by status.");
        foreach (var site in Sites)
        {
            foreach (var (status, count) in site.ByStatus())
            {
                text.Sample(count, ("site", site.Site), ("status", status.ToString(CultureInfo.InvariantCulture)));
            }
        }

        Durations(text);
        Each(text, "skiff_http_requests_in_flight", "gauge", "Requests being answered.", site => site.InFlight);
        Each(text, "skiff_http_requests_queued", "gauge", "Requests that wait for an instance.", site => site.Queued);
        Each(text, "skiff_http_requests_refused", "counter", "Requests refused because they had waited too long for an instance.", site => site.Refused);
        Each(text, "skiff_http_response_body_bytes", "counter", "Body bytes sent.", site => site.BytesSent);
        Each(text, "skiff_guest_instances", "gauge", "Instances alive.", site => site.Instances);
        Each(text, "skiff_guest_instances_created", "counter", "Instances made.", site => site.InstancesMade);
        Each(text, "skiff_guest_traps", "counter", "Guests that trapped.", site => site.Traps);
        Each(text, "skiff_guest_deadlines", "counter", "Guests ended because their time was over.", site => site.Deadlines);
        text.Family("process_resident_memory_bytes", "gauge", "Memory of this process.", "bytes").Sample(Process.ResidentBytes);
        text.Family("process_cpu_seconds", "counter", "Processor time of this process.", "seconds").Sample(Process.ProcessorTime.TotalSeconds);
        text.Family("process_minor_faults", "counter", "Pages that were first touched.").Sample(Process.MinorFaults);
        return text.ToString();
    }

    private void Durations(MetricsText text)
    {
        text.Family("skiff_http_request_duration_seconds", "histogram", "From the request's head to the end of its response.", "seconds");
        foreach (var site in Sites)
        {
            var counts = site.Durations();
            var sum = 0L;
            for (var i = 0; i < counts.Length; i++)
            {
                sum += counts[i];
                var bound = i < SiteMetrics.DurationBounds.Length ? SiteMetrics.DurationBounds[i].ToString("0.0###", CultureInfo.InvariantCulture) : "+Inf";
                text.SampleOf("_bucket", sum, ("site", site.Site), ("le", bound));
            }

            text.SampleOf("_count", sum, ("site", site.Site));
            text.SampleOf("_sum", site.DurationTotal.TotalSeconds, ("site", site.Site));
        }
    }

    private void Each(MetricsText text, string name, string type, string help, Func<SiteMetrics, long> value)
    {
        text.Family(name, type, help, name.EndsWith("_bytes", StringComparison.Ordinal) ? "bytes" : null);
        foreach (var site in Sites)
        {
            text.Sample(value(site), ("site", site.Site));
        }
    }
}
