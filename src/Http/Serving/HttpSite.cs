namespace Skiff.Http.Serving;

/// <summary>Who answers the requests of a listener: a sandbox, or the process's own health page.</summary>
/// <param name="Name">For log lines and metrics.</param>
public sealed record HttpSite(string Name, IRequestHandler Handler)
{
    /// <summary>Other processes accept from the same socket.</summary>
    public bool SharesSocket { get; init; }

    /// <summary>Null: requests leave no line.</summary>
    public AccessLog? AccessLog { get; init; }
}
