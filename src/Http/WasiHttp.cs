using Skiff.Components.Host;
using Skiff.Http.Bindings.Http;
using Skiff.Http.Outgoing;
using Skiff.Http.Messages;

namespace Skiff.Http;

/// <summary>wasi:http as guests import it. Besides it they need what WASI itself offers (streams, polling, clocks).</summary>
public static class WasiHttp
{
    /// <summary>Adds <c>wasi:http/types</c> and <c>wasi:http/outgoing-handler</c> to what the host offers.</summary>
    /// <param name="of">The guest's <see cref="HttpState"/>, from the state object of its instance.</param>
    public static void Define(HostInterfaces host, Func<object, HttpState> of)
    {
        ArgumentNullException.ThrowIfNull(host);
        var types = new HttpTypes();
        host.Add(TypesInterface.Definition, _ => types);
        host.Add(OutgoingHandlerInterface.Definition, state => new OutgoingHandler(of(state)));
    }
}
