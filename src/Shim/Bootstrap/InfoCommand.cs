using Google.Protobuf;
using Skiff.Shim.Protos;

namespace Skiff.Shim.Bootstrap;

/// <summary><c>-v</c> and <c>-info</c>: what containerd and people ask a shim about itself. Neither needs a bundle.</summary>
internal static class InfoCommand
{
    /// <param name="programName">argv[0], as it is.</param>
    public static string Version(string programName) =>
        $"{programName}:\n  Version:  {ShimVersion.Version}\n  Revision: {ShimVersion.Revision}\n";

    /// <summary>api/types/introspection.proto. The options asked with are answered as they came, as containerd's own shim does.</summary>
    /// <param name="input">stdin: a protobuf Any of runtime options, or nothing.</param>
    public static byte[] Info(string programName, ReadOnlySpan<byte> input)
    {
        var info = new RuntimeInfo
        {
            Name = ShimName.RuntimeType(programName),
            Version = new RuntimeVersion { Version = ShimVersion.Version, Revision = ShimVersion.Revision },
        };
        if (StartInput.Parse(input, "", "").Options is { } options)
        {
            info.Options = Wire.Any(options);
        }

        return info.ToByteArray();
    }
}
