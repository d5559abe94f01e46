namespace Skiff.Http.Health;

/// <summary>Keeps ended spans until the exporter takes them. Bounded: when the collector is away, the newest are dropped and counted.</summary>
public sealed class Tracer(TimeProvider time)
{
    private const int SpansMax = 4096;

    private readonly Lock _gate = new();
    private List<TraceSpan> _ended = [];
    private long _dropped;

    internal TimeProvider Time => time;

    /// <summary>The server span of a request, within the trace that its <c>traceparent</c> names; null where that trace is not recorded.</summary>
    internal TraceSpan? Begin(string? traceParent, string name)
    {
        if (!TraceContext.TryParse(traceParent, out var context))
        {
            context = TraceContext.New();
        }

        return context.Sampled ? new TraceSpan(this, context, name, client: false) : null;
    }

    internal void Keep(TraceSpan span)
    {
        lock (_gate)
        {
            if (_ended.Count < SpansMax)
            {
                _ended.Add(span);
            }
            else
            {
                _dropped++;
            }
        }
    }

    internal (List<TraceSpan> Spans, long Dropped) Take()
    {
        lock (_gate)
        {
            var taken = (_ended, _dropped);
            (_ended, _dropped) = ([], 0);
            return taken;
        }
    }
}
