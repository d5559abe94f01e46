namespace Skiff.Shim.Stdio;

/// <summary>
/// Where containerd wants a process's stdio: a FIFO's path, <c>file:///path</c>, <c>binary:///path?key=value</c>, or empty for
/// nothing. With a terminal, <paramref name="Output"/> carries both outputs.
/// </summary>
internal sealed record StdioAddresses(string Input, string Output, string Error, bool Terminal)
{
    public static StdioAddresses None { get; } = new("", "", "", Terminal: false);
}
