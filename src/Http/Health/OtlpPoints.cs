using System.Globalization;
using System.Text.Json;

namespace Skiff.Http.Health;

/// <summary>Data points of metrics.proto: sums since the start of the process, gauges and histograms.</summary>
internal sealed class OtlpPoints(Utf8JsonWriter json, DateTimeOffset begun, DateTimeOffset at)
{
    private const int Cumulative = 2;

    public void Site(SiteMetrics site)
    {
        foreach (var (status, count) in site.ByStatus())
        {
            Sum("skiff.http.requests", "{request}", count, site.Site, ("http.response.status_code", status.ToString(CultureInfo.InvariantCulture)));
        }

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
        Point(value, site, null);
        End();
    }

    public void Sum(string name, string unit, long value, string? site, (string Key, string Value)? attribute = null)
    {
        Begin(name, unit, "sum");
        Point(value, site, attribute);
        json.WriteNumber("aggregationTemporality", Cumulative);
        json.WriteBoolean("isMonotonic", true);
        End();
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

    // 64-bit numbers are strings in protobuf's JSON.
    private void Point(long value, string? site, (string Key, string Value)? attribute)
    {
        json.WriteStartArray("dataPoints");
        json.WriteStartObject();
        Times();
        Attributes(site, attribute);
        json.WriteString("asInt", value.ToString(CultureInfo.InvariantCulture));
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private void Times()
    {
        json.WriteString("startTimeUnixNano", OtlpExporter.Nanoseconds(begun));
        json.WriteString("timeUnixNano", OtlpExporter.Nanoseconds(at));
    }

    private void Attributes(string? site, (string Key, string Value)? attribute)
    {
        json.WriteStartArray("attributes");
        if (site is not null)
        {
            OtlpExporter.Attribute(json, "skiff.site", site);
        }

        if (attribute is { } more)
        {
            OtlpExporter.Attribute(json, more.Key, more.Value);
        }

        json.WriteEndArray();
    }
}
