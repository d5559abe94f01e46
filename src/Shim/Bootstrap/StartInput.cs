using Google.Protobuf;
using Skiff.Shim.Protos;

namespace Skiff.Shim.Bootstrap;

/// <summary>What containerd wrote to stdin of <c>start</c> (docs/containerd.md 2).</summary>
/// <param name="Options">The runtime options; null: none were sent.</param>
/// <param name="Parameters">From containerd 2.3 on; null before.</param>
internal sealed record StartInput(TypedBytes? Options, BootstrapParams? Parameters)
{
    /// <summary>Far above any options table; containerd writes a few hundred bytes.</summary>
    public const int BytesMax = 1024 * 1024;

    public static StartInput None { get; } = new(null, null);

    /// <summary>True from 2.0 on, where task version 3 is known.</summary>
    public bool KnowsTaskVersion3 =>
        Parameters is { } parameters
        && int.TryParse(parameters.ContainerdVersion.TrimStart('v').Split('.', 2)[0], out var major)
        && major >= 2;

    /// <summary>
    /// <c>Any{type_url, value}</c> and <c>BootstrapParams{instance_id, namespace, …}</c> have the same shape on the wire. It is
    /// the latter when its first two fields are what the command line says.
    /// </summary>
    /// <exception cref="ShimException">Neither can be read from it.</exception>
    public static StartInput Parse(ReadOnlySpan<byte> input, string id, string @namespace)
    {
        if (input.IsEmpty)
        {
            return None;
        }

        try
        {
            var any = Google.Protobuf.WellKnownTypes.Any.Parser.ParseFrom(input);
            if (any.TypeUrl == id && any.Value.Span.SequenceEqual(System.Text.Encoding.UTF8.GetBytes(@namespace)))
            {
                var parameters = BootstrapParams.Parser.ParseFrom(input);
                return new StartInput(OptionsAmong(parameters.Extensions), parameters);
            }

            return new StartInput(any.TypeUrl.Length == 0 ? null : new TypedBytes(any.TypeUrl, any.Value.Memory), null);
        }
        catch (InvalidProtocolBufferException malformed)
        {
            throw new ShimException(
                ShimError.InvalidArgument, "stdin of start is neither runtime options (protobuf Any) nor BootstrapParams, as containerd sends them", malformed);
        }
    }

    private static TypedBytes? OptionsAmong(IEnumerable<BootstrapExtension> extensions) => extensions
        .Where(extension => extension.Value is not null && RuntimeOptionsReader.Understands(extension.Value.TypeUrl))
        .Select(extension => new TypedBytes(extension.Value.TypeUrl, extension.Value.Value.Memory))
        .FirstOrDefault();
}
