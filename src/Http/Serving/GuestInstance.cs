using Skiff.Components.Abi;
using Skiff.Components.Linking;
using Skiff.Engine;
using Skiff.Http.Bindings.Http;
using ComponentInstance = Skiff.Components.Runtime.ComponentInstance;

namespace Skiff.Http.Serving;

/// <summary>One instance of a guest. Used by one request at a time.</summary>
internal sealed class GuestInstance : IDisposable
{
    private readonly ComponentInstance _instance;
    private readonly HttpGuestState _state;
    private readonly LiftedFunction _handle;
    private GuestRun? _run;

    public GuestInstance(HttpGuest guest, ComponentInstance instance, HttpGuestState state, LiftedFunction handle)
    {
        (Guest, _instance, _state, _handle) = (guest, instance, state, handle);
        instance.Store.Paused = _ => _run?.Pause();
    }

    public HttpGuest Guest { get; }

    /// <summary>Requests that it has been given.</summary>
    public int Requests { get; private set; }

    public void Stop(string reason) => _instance.Store.Stop(reason);

    /// <summary>Lets the guest handle a request, on this thread until it first waits.</summary>
    /// <returns>Null when it returned; else how it ended, and it is dead.</returns>
    public async ValueTask<CallEnd?> HandleAsync(GuestRun run)
    {
        _run = run;
        if (Requests++ == 0)
        {
            if (await _instance.InstantiateAsync() is { } end)
            {
                return end;
            }

            Guest.WorkingSet.Prepare(_instance);
        }

        _state.Http.Span = run.Exchange.Span;
        var outcome = await _instance.Function(_handle).CallAsync(
        [
            ComponentValue.Resource(new ComponentResource(run.Request, TypesInterface.IncomingRequestResource)),
            ComponentValue.Resource(new ComponentResource(run.Outparam, TypesInterface.ResponseOutparamResource)),
        ]);
        return outcome.End;
    }

    public void Dispose()
    {
        if (Requests == 1)
        {
            Guest.WorkingSet.Learn(_instance);
        }

        _instance.Dispose();
        _state.Wasi.Dispose();
    }
}
