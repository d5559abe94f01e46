using System;

namespace Skiff.WitBindings.Syntax;

/// <summary>Where something stands in a file.</summary>
/// <param name="Line">From 0, as the compiler counts.</param>
/// <param name="Column">From 0.</param>
internal readonly record struct Place(string File, int Line, int Column, int Offset, int Length);

internal enum ProblemKind
{
    Syntax,
    Meaning,
    NotBound,
}

/// <summary>Why a .wit cannot become C#; a diagnostic of the compiler.</summary>
internal sealed record WitProblem(ProblemKind Kind, Place Place, string Message);

/// <summary>Ends the reading of a file, or the resolving of an interface.</summary>
internal sealed class WitException(WitProblem problem) : Exception(problem.Message)
{
    public WitException(ProblemKind kind, Place place, string message)
        : this(new WitProblem(kind, place, message))
    {
    }

    public WitProblem Problem { get; } = problem;
}
