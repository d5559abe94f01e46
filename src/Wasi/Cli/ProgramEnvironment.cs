using System.Text;

namespace Skiff.Wasi.Cli;

/// <summary>Arguments and environment, in the forms that the versions of WASI hand out.</summary>
public sealed class ProgramEnvironment
{
    internal ProgramEnvironment(WasiContext context)
    {
        Arguments = context.Arguments;
        Variables = context.Environment;
        WorkingDirectory = context.WorkingDirectory;
    }

    public IReadOnlyList<string> Arguments { get; }

    public IReadOnlyList<KeyValuePair<string, string>> Variables { get; }

    public string? WorkingDirectory { get; }

    /// <summary>The arguments as C strings.</summary>
    internal byte[][] ArgumentBytes() => [.. Arguments.Select(argument => Terminated(argument))];

    /// <summary>The variables as C strings, <c>NAME=VALUE</c>.</summary>
    internal byte[][] VariableBytes() => [.. Variables.Select(variable => Terminated($"{variable.Key}={variable.Value}"))];

    private static byte[] Terminated(string text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
