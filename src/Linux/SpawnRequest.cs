using System.Runtime.InteropServices;

namespace Skiff.Linux;

/// <summary>
/// What to start. Descriptors not named here are closed in the child; every signal has its default action there and none
/// is blocked (.NET ignores SIGPIPE, and an ignored signal would survive exec).
/// </summary>
public sealed record SpawnRequest
{
    /// <summary>Absolute path of the program.</summary>
    public required string Program { get; init; }

    /// <summary>Argument vector, element 0 included.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Whole environment as K=V; null: the caller's.</summary>
    public IReadOnlyList<string>? Environment { get; init; }

    public string? WorkingDirectory { get; init; }

    /// <summary>Descriptor 0, 1, 2; null: /dev/null.</summary>
    public SafeHandle? StandardInput { get; init; }

    public SafeHandle? StandardOutput { get; init; }

    public SafeHandle? StandardError { get; init; }

    /// <summary>Become descriptors 3, 4, … in the child, in this order.</summary>
    public IReadOnlyList<SafeHandle> Inherited { get; init; } = [];

    /// <summary>Own session (setsid), for a process that must outlive its starter's terminal and group.</summary>
    public bool NewSession { get; init; }
}
