using Skiff.Components.Linking;
using Skiff.Components.Runtime;
using Skiff.Engine;
using Skiff.Http.Bindings.Http;
using Skiff.Http.Outgoing;
using Skiff.Wasi;

namespace Skiff.Http.Serving;

/// <summary>What host functions find as the state of a guest that answers requests.</summary>
/// <param name="Wasi">Its WASI.</param>
/// <param name="Http">Its outgoing requests.</param>
public sealed record HttpGuestState(WasiState Wasi, HttpState Http);

/// <summary>
/// A component that answers requests, linked and ready to be instantiated any number of times, and with all that its instances are
/// granted. Owns the client of its outgoing requests.
/// </summary>
public sealed class HttpGuest : IDisposable
{
    private readonly LinkedComponent _component;
    private readonly Func<WasiState> _wasi;
    private readonly StoreLimits? _limits;
    private readonly OutgoingClient _client;
    private readonly LiftedFunction _handle;

    /// <param name="component">Linked with fibers, and with interfaces whose state is <see cref="HttpGuestState"/>. Stays the caller's.</param>
    /// <param name="wasi">Makes the WASI state of one instance, which disposes it.</param>
    /// <exception cref="InvalidOperationException">It exports no <c>wasi:http/incoming-handler</c>.</exception>
    public HttpGuest(LinkedComponent component, Func<WasiState> wasi, OutgoingClient client, StoreLimits? limits = null)
    {
        (_component, _wasi, _client, _limits) = (component, wasi, client, limits);
        _handle = component.FindFunction(IncomingHandlerInterface.Name, "handle")
            ?? throw new InvalidOperationException($"the component exports no {IncomingHandlerInterface.Name}");
    }

    internal WorkingSet WorkingSet { get; } = new();

    public void Dispose() => _client.Dispose();

    /// <summary>A fresh instance; not instantiated yet.</summary>
    internal GuestInstance Create()
    {
        var state = new HttpGuestState(_wasi(), new HttpState(_client));
        try
        {
            return new GuestInstance(this, new Components.Runtime.ComponentInstance(_component, state, _limits), state, _handle);
        }
        catch
        {
            state.Wasi.Dispose();
            throw;
        }
    }
}
