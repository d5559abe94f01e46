using Skiff.Http.Outgoing;

namespace Skiff.Http;

/// <summary>What wasi:http keeps for one guest: who sends its requests, and on whose behalf.</summary>
public sealed class HttpState(OutgoingClient client)
{
    public OutgoingClient Client => client;

    /// <summary>The span of the request that the guest is at.</summary>
    internal Health.TraceSpan? Span { get; set; }
}
