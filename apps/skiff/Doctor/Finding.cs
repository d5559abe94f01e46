using System.Text.Json.Serialization;

namespace Skiff.Cli.Doctor;

internal enum Severity
{
    /// <summary>As it should be.</summary>
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>Skiff works, and something is slower, smaller or missing.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning,

    /// <summary>Skiff does not work until it is mended.</summary>
    [JsonStringEnumMemberName("problem")]
    Problem,
}

/// <summary>What a check has found.</summary>
/// <param name="Check">What was looked at, in a word.</param>
/// <param name="Fix">What to do; null where nothing is to be done.</param>
internal sealed record Finding(string Check, Severity Severity, string Text, string? Fix = null)
{
    public static Finding Ok(string check, string text) => new(check, Severity.Ok, text);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<Finding>))]
internal sealed partial class FindingJson : JsonSerializerContext;
