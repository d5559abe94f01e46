namespace Skiff.Linux;

/// <summary>A program run to its end by <see cref="ChildReaper.RunAsync"/>.</summary>
/// <param name="Output">
/// What it wrote to descriptor 1, UTF-8, at most <see cref="ChildReaper.OutputBytesMax"/>; empty when the request named a
/// descriptor of its own.
/// </param>
/// <param name="ErrorOutput">The same of descriptor 2.</param>
public sealed record ProgramResult(ChildExit Exit, string Output, string ErrorOutput);
