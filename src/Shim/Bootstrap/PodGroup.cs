using System.Text.Json;

namespace Skiff.Shim.Bootstrap;

/// <summary>Which containers share a shim (docs/containerd.md 5): those of a pod.</summary>
internal static class PodGroup
{
    /// <summary>Above what containerd itself takes for a spec (a gRPC message of 16 MiB).</summary>
    private const long ConfigBytesMax = 32 * 1024 * 1024;

    /// <summary>The group of all pods of the node. No pod has this name: theirs are those of files.</summary>
    public const string Node = "/node";

    private static ReadOnlySpan<byte> GroupKey => "io.containerd.runc.v2.group"u8;

    private static ReadOnlySpan<byte> SandboxKey => "io.kubernetes.cri.sandbox-id"u8;

    /// <summary>The group's name: the group annotation, else the pod sandbox's id, else the container's own id.</summary>
    /// <param name="configPath">The spec. Missing for a sandbox (<c>sandboxer = "shim"</c>): the sandbox is its own group.</param>
    /// <exception cref="ShimException">The spec cannot be read as JSON.</exception>
    public static string Of(string configPath, string id)
    {
        byte[] config;
        try
        {
            var file = new FileInfo(configPath);
            if (!file.Exists)
            {
                return id;
            }

            if (file.Length > ConfigBytesMax)
            {
                throw new ShimException(ShimError.InvalidArgument, $"{file.FullName}: longer than {ConfigBytesMax} bytes");
            }

            config = File.ReadAllBytes(configPath);
        }
        catch (IOException failure)
        {
            throw new ShimException(ShimError.Internal, $"the container's spec cannot be read: {failure.Message}", failure);
        }

        try
        {
            return InAnnotations(config) ?? id;
        }
        catch (JsonException malformed)
        {
            throw new ShimException(ShimError.InvalidArgument, $"{configPath} is not valid JSON: {malformed.Message}", malformed);
        }
    }

    /// <summary>Reads no further than the end of <c>annotations</c>, and builds nothing on the way.</summary>
    internal static string? InAnnotations(ReadOnlySpan<byte> config)
    {
        var reader = new Utf8JsonReader(config);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("an object was expected");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals("annotations"u8);
            reader.Read();
            if (found && reader.TokenType == JsonTokenType.StartObject)
            {
                return InObject(ref reader);
            }

            reader.Skip();
        }

        return null;
    }

    private static string? InObject(ref Utf8JsonReader reader)
    {
        string? group = null;
        string? sandbox = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isGroup = reader.ValueTextEquals(GroupKey);
            var isSandbox = !isGroup && reader.ValueTextEquals(SandboxKey);
            reader.Read();
            if (reader.TokenType == JsonTokenType.String && (isGroup || isSandbox) && reader.GetString() is { Length: > 0 } value)
            {
                group = isGroup ? value : group;
                sandbox = isSandbox ? value : sandbox;
            }

            reader.Skip();
        }

        return group ?? sandbox;
    }
}
