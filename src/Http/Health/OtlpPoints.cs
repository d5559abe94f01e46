using System.Globalization;
using System.Text.Json;

namespace Skiff.Http.Health;

/// <summary>Data points of metrics.proto: sums since the start of the process, gauges and histograms.</summary>
internal sealed class OtlpPoints(Utf8JsonWriter json, DateTimeOffset begun, DateTimeOffset at)
{
    private const int Cumulative = 2;

    public void Site(SiteMetrics site)
    {
        Begin("skiff.http.requests", "{request}", "sum");
        json.WriteStartArray("dataPoints");
        foreach (var (status, count) in site.ByStatus())
        {
            Point(count, site.Site, status);
        }

        json.WriteEndArray();
        EndSum();
        Histogram(site);
        Gauge("http.server.active_requests", "{request}", site.InFlight, site.Site);
        Gauge("skiff.guest.instances", "{instance}", site.Instances, site.Site);
        Sum("skiff.guest.instances.created", "{instance}", site.InstancesMade, site.Site);
        Sum("skiff.guest.traps", "{trap}", site.Traps, site.Site);
        Sum("skiff.guest.deadlines", "{deadline}", site.Deadlines, site.Site);
        Sum("skiff.http.refused", "{request}", site.Refused, site.Site);
    }

    public void Gauge(string name, string unit, long value, string? site)
    {
        Begin(name, unit, "gauge");
        OnlyPoint(value, site);
        End();
    }

    public void Sum(string name, string unit, long value, string? site)
    {
        Begin(name, unit, "sum");
        OnlyPoint(value, site);
        EndSum();
    }

    private void Histogram(SiteMetrics site)
    {
        Begin("http.server.request.duration", "s", "histogram");
        json.WriteStartArray("dataPoints");
        json.WriteStartObject();
        Times();
        Attributes(site.Site, null);
        var counts = site.Durations();
        json.WriteString("count", counts.Sum().ToString(CultureInfo.InvariantCulture));
        json.WriteNumber("sum", site.DurationTotal.TotalSeconds);
        json.WriteStartArray("bucketCounts");
        foreach (var count in counts)
        {
            json.WriteStringValue(count.ToString(CultureInfo.InvariantCulture));
        }

        json.WriteEndArray();
        json.WriteStartArray("explicitBounds");
        foreach (var bound in SiteMetrics.DurationBounds)
        {
            json.WriteNumberValue(bound);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteNumber("aggregationTemporality", Cumulative);
        End();
    }

    private void Begin(string name, string unit, string kind)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("unit", unit);
        json.WriteStartObject(kind);
    }

    private void End()
    {
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void EndSum()
    {
        json.WriteNumber("aggregationTemporality", Cumulative);
        json.WriteBoolean("isMonotonic", true);
        End();
    }

    private void OnlyPoint(long value, string? site)
    {
        json.WriteStartArray("dataPoints");
        Point(value, site, null);
        json.WriteEndArray();
    }

    // 64-bit numbers are strings in protobuf's JSON.
    private void Point(long value, string? site, int? status)
    {
        json.WriteStartObject();
        Times();
        Attributes(site, status);
        json.WriteString("asInt", value.ToString(CultureInfo.InvariantCulture));
        json.WriteEndObject();
    }

    private void Times()
    {
        json.WriteString("startTimeUnixNano", OtlpExporter.Nanoseconds(begun));
        json.WriteString("timeUnixNano", OtlpExporter.Nanoseconds(at));
    }

    private void Attributes(string? site, int? status)
    {
        json.WriteStartArray("attributes");
        if (site is not null)
        {
            OtlpExporter.Attribute(json, "skiff.site", site);
        }

        if (status is { } code)
        {
            OtlpExporter.Attribute(json, OtlpExporter.StatusKey, code);
        }

        json.WriteEndArray();
    }
}
