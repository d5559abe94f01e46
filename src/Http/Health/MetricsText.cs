using System.Globalization;
using System.Text;

namespace Skiff.Http.Health;

/// <summary>Builds a text of metrics (OpenMetrics 1.0): families in turn, each followed by its samples.</summary>
public sealed class MetricsText
{
    public const string ContentType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private readonly StringBuilder _text = new(4096);
    private string _name = "";
    private string _suffix = "";

    /// <summary>Begins a family; the samples that follow are of it.</summary>
    /// <param name="name">Without the suffix of its type; ends with <paramref name="unit"/> where there is one.</param>
    /// <param name="type"><c>counter</c>, <c>gauge</c>, <c>histogram</c>, <c>info</c>, …</param>
    public MetricsText Family(string name, string type, string help, string? unit = null)
    {
        (_name, _suffix) = (name, type switch
        {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        });
        _text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {type}\n");
        if (unit is not null)
        {
            _text.Append(CultureInfo.InvariantCulture, $"# UNIT {name} {unit}\n");
        }

        _text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n");
        return this;
    }

    /// <summary>A sample of the family.</summary>
    public MetricsText Sample(double value, params ReadOnlySpan<(string Name, string Value)> labels) => SampleOf(_suffix, value, labels);

    /// <summary>A sample with another suffix than the family's type has: <c>_bucket</c>, <c>_count</c>, <c>_sum</c> of a histogram.</summary>
    public MetricsText SampleOf(string suffix, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(_name).Append(suffix);
        var separator = '{';
        foreach (var (name, label) in labels)
        {
            _text.Append(separator).Append(name).Append("=\"").Append(Escaped(label)).Append('"');
            separator = ',';
        }

        _text.Append(CultureInfo.InvariantCulture, $"{(labels.IsEmpty ? "" : "}")} {value}\n");
        return this;
    }

    /// <summary>The whole text, with its end.</summary>
    public override string ToString() => _text + "# EOF\n";

    private static string Escaped(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
