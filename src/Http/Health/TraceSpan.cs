using Skiff.Http.Serving;

namespace Skiff.Http.Health;

/// <summary>One exchange as a span of a trace: the answer to a request (server), or a guest's outgoing call (client).</summary>
internal sealed class TraceSpan(Tracer tracer, TraceContext context, string name, bool client)
{
    private int _ended;

    /// <summary>The trace, and the span that asked for this one.</summary>
    public TraceContext Context => context;

    public ulong Id { get; } = TraceContext.NewSpan();

    public string Name => name;

    public bool IsClient => client;

    public DateTimeOffset Begun { get; } = tracer.Time.GetUtcNow();

    public DateTimeOffset Ended { get; private set; }

    public string Method { get; private set; } = "";

    public string Target { get; private set; } = "";

    public int Status { get; private set; }

    public string? Fault { get; private set; }

    /// <summary>What a request that this span sends carries.</summary>
    public string Outgoing => context.With(Id);

    public TraceSpan Child(string childName) => new(tracer, context with { Parent = Id }, childName, client: true);

    public void End(HttpExchange exchange, int status) => End(exchange.Method, exchange.Target, status, exchange.Reason);

    public void End(string method, string target, int status, string? fault)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return;
        }

        (Method, Target, Status, Fault, Ended) = (method, target, status, fault, tracer.Time.GetUtcNow());
        tracer.Keep(this);
    }
}
