using System.Net;
using System.Net.Sockets;
using Skiff.Components.Host;
using Skiff.Wasi.Bindings.Io;
using Skiff.Wasi.Bindings.Sockets;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Sockets;

/// <summary>
/// <c>wasi:sockets/ip-name-lookup.resolve-address-stream</c>: one lookup by the resolver of the guest's place, off the guest's thread.
/// </summary>
internal sealed class NameLookup : IResolveAddressStream, IDisposable
{
    private readonly CancellationTokenSource _dropped = new();
    private readonly Task<IPAddress[]> _lookup;
    private int _next;

    private NameLookup(IPAddress literal) => _lookup = Task.FromResult<IPAddress[]>([literal]);

    private NameLookup(GuestSockets sockets, string name) => _lookup = LookUpAsync(sockets, name, _dropped.Token);

    public static Result<IResolveAddressStream, ErrorCode> Start(GuestSockets sockets, string name)
    {
        if (IPAddress.TryParse(name, out var literal))
        {
            return Result<IResolveAddressStream, ErrorCode>.Ok(new NameLookup(literal));
        }

        // Also what a resolver would take for a number, or would cut short.
        if (Uri.CheckHostName(name) != UriHostNameType.Dns)
        {
            return ErrorCode.InvalidArgument;
        }

        return sockets.Grants.AllowsLookup(name)
            ? Result<IResolveAddressStream, ErrorCode>.Ok(new NameLookup(sockets, name))
            : ErrorCode.PermanentResolverFailure;
    }

    public Result<IpAddress?, ErrorCode> ResolveNextAddress()
    {
        if (!_lookup.IsCompleted)
        {
            return ErrorCode.WouldBlock;
        }

        if (!_lookup.IsCompletedSuccessfully)
        {
            return Of(_lookup.Exception?.InnerException);
        }

        return _next < _lookup.Result.Length ? SocketWords.Of(_lookup.Result[_next++]) : (IpAddress?)null;
    }

    public IPollable Subscribe() => new Answered(this);

    public void Dispose()
    {
        _dropped.Cancel();
        _dropped.Dispose();
    }

    private static async Task<IPAddress[]> LookUpAsync(GuestSockets sockets, string name, CancellationToken dropped)
    {
        var addresses = await sockets.Place.LookUpAsync(name, dropped);
        var usable = addresses.Where(address => !address.IsIPv4MappedToIPv6).ToArray();
        sockets.Resolved(name, usable);
        return usable;
    }

    private static ErrorCode Of(Exception? fault) => fault is SocketException failure
        ? failure.SocketErrorCode switch
        {
            SocketError.HostNotFound or SocketError.NoData => ErrorCode.NameUnresolvable,
            SocketError.TryAgain => ErrorCode.TemporaryResolverFailure,
            _ => ErrorCode.PermanentResolverFailure,
        }
        : ErrorCode.PermanentResolverFailure;

    private sealed class Answered(NameLookup lookup) : Pollable
    {
        public override bool IsReady => lookup._lookup.IsCompleted || lookup._dropped.IsCancellationRequested;

        // The outcome is resolve-next-address's to tell.
        public override async ValueTask WaitAsync(CancellationToken cancellation)
        {
            await ((Task)lookup._lookup).WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
        }
    }
}
