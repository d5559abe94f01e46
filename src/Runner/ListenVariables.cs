using System.Globalization;
using System.Net;
using Skiff.Guest;

namespace Skiff.Runner;

/// <summary>
/// Where a component of a container listens, as two variables of its environment say, which are those that runwasi's wasmtime shim reads;
/// like there, the guest does not see them.
/// </summary>
/// <param name="Spec">The specification without them.</param>
internal sealed record ListenVariables(GuestSpec Spec, IPEndPoint Address, int Backlog)
{
    private const string AddressVariable = "WASMTIME_HTTP_PROXY_SOCKET_ADDR";

    private const int BacklogDefault = 100;
    private const int PortDefault = 8080;

    /// <summary>runwasi's documentation says the one, its code reads the other.</summary>
    private static readonly string[] BacklogVariables = ["WASMTIME_HTTP_PROXY_BACKLOG", "WASMTIME_HTTP_BACKLOG"];

    /// <exception cref="GuestException">A variable says nothing that one could listen on.</exception>
    public static ListenVariables TakeFrom(GuestSpec spec)
    {
        var address = Find(spec, AddressVariable) is not { } text
            ? new IPEndPoint(IPAddress.Any, PortDefault)
            : IPEndPoint.TryParse(text, out var given) && text.Contains(':', StringComparison.Ordinal)
                ? given
                : throw new GuestException($"{AddressVariable}={text}: write IP:PORT, for example 0.0.0.0:8080");
        var backlog = BacklogVariables.Select(name => Find(spec, name)).FirstOrDefault(value => value is not null) is not { } number
            ? BacklogDefault
            : int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
                ? count
                : throw new GuestException($"{BacklogVariables[0]}={number}: a number from 1");
        var rest = spec.Environment.Where(variable => variable.Key != AddressVariable && !BacklogVariables.Contains(variable.Key));
        return new ListenVariables(spec with { Environment = [.. rest] }, address, backlog);
    }

    private static string? Find(GuestSpec spec, string name) =>
        spec.Environment.Where(variable => variable.Key == name).Select(variable => variable.Value).LastOrDefault();
}
