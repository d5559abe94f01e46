using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Skiff.Http.Health;

/// <summary>
/// Sends spans and figures to an OpenTelemetry collector (OTLP/HTTP 1.x, JSON encoding): spans soon after they ended, figures every
/// quarter of a minute. A collector that is away costs a line in the log when it goes and one when it is back, and never a request.
/// </summary>
/// <param name="collector">The base address; <c>v1/traces</c> and <c>v1/metrics</c> lie beneath it.</param>
/// <param name="tracer">Null: no traces.</param>
public sealed class OtlpExporter(
    Uri collector, string service, Tracer? tracer, Func<CancellationToken, ValueTask<Figures>> figures, TimeProvider time, Action<string> log) : IAsyncDisposable
{
    internal const string StatusKey = "http.response.status_code";

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan FiguresRound = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { ActivityHeadersPropagator = null, UseCookies = false });
    private readonly DateTimeOffset _begun = time.GetUtcNow();
    private Task _work = Task.CompletedTask;
    private bool _away;

    public void Start() => _work = Task.Run(WorkAsync);

    /// <summary>Sends what is left, for as long as one request may take.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _work;
        await SendAsync(withFigures: true);
        _client.Dispose();
        _stopping.Dispose();
    }

    /// <summary>The body of <c>v1/traces</c> (trace.proto, ExportTraceServiceRequest).</summary>
    internal static byte[] Traces(string service, IReadOnlyList<TraceSpan> spans) => Write(json =>
    {
        json.WriteStartArray("resourceSpans");
        json.WriteStartObject();
        Resource(json, service);
        json.WriteStartArray("scopeSpans");
        json.WriteStartObject();
        Scope(json);
        json.WriteStartArray("spans");
        foreach (var span in spans)
        {
            Span(json, span);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
    });

    /// <summary>The body of <c>v1/metrics</c> (metrics.proto, ExportMetricsServiceRequest).</summary>
    internal static byte[] Metrics(string service, Figures now, DateTimeOffset begun, DateTimeOffset at) => Write(json =>
    {
        json.WriteStartArray("resourceMetrics");
        json.WriteStartObject();
        Resource(json, service);
        json.WriteStartArray("scopeMetrics");
        json.WriteStartObject();
        Scope(json);
        json.WriteStartArray("metrics");
        var points = new OtlpPoints(json, begun, at);
        foreach (var site in now.Sites)
        {
            points.Site(site);
        }

        points.Gauge("process.memory.usage", "By", now.Process.ResidentBytes, null);
        points.Sum("process.cpu.time.ms", "ms", (long)now.Process.ProcessorTime.TotalMilliseconds, null);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
    });

    internal static string Nanoseconds(DateTimeOffset at) =>
        ((at - DateTimeOffset.UnixEpoch).Ticks * 100).ToString(CultureInfo.InvariantCulture);

    /// <summary>A number, by the semantic conventions; 64-bit ones are strings in protobuf's JSON.</summary>
    internal static void Attribute(Utf8JsonWriter json, string key, int value)
    {
        json.WriteStartObject();
        json.WriteString("key", key);
        json.WriteStartObject("value");
        json.WriteString("intValue", value.ToString(CultureInfo.InvariantCulture));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    internal static void Attribute(Utf8JsonWriter json, string key, string value)
    {
        json.WriteStartObject();
        json.WriteString("key", key);
        json.WriteStartObject("value");
        json.WriteString("stringValue", value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Span(Utf8JsonWriter json, TraceSpan span)
    {
        const int KindServer = 2;
        const int KindClient = 3;
        const int StatusError = 2;
        json.WriteStartObject();
        json.WriteString("traceId", span.Context.TraceIdText);
        json.WriteString("spanId", span.Id.ToString("x16", CultureInfo.InvariantCulture));
        if (span.Context.Parent != 0)
        {
            json.WriteString("parentSpanId", span.Context.Parent.ToString("x16", CultureInfo.InvariantCulture));
        }

        json.WriteString("name", span.Name);
        json.WriteNumber("kind", span.IsClient ? KindClient : KindServer);
        json.WriteString("startTimeUnixNano", Nanoseconds(span.Begun));
        json.WriteString("endTimeUnixNano", Nanoseconds(span.Ended));
        json.WriteStartArray("attributes");
        Attribute(json, "http.request.method", span.Method);
        Attribute(json, "url.path", span.Target.Split('?')[0]);
        if (span.Status != 0)
        {
            Attribute(json, StatusKey, span.Status);
        }

        json.WriteEndArray();
        if (span.Fault is { } fault)
        {
            json.WriteStartObject("status");
            json.WriteNumber("code", StatusError);
            json.WriteString("message", fault);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static byte[] Write(Action<Utf8JsonWriter> content)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            content(json);
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private static void Resource(Utf8JsonWriter json, string service)
    {
        json.WriteStartObject("resource");
        json.WriteStartArray("attributes");
        Attribute(json, "service.name", service);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Scope(Utf8JsonWriter json)
    {
        json.WriteStartObject("scope");
        json.WriteString("name", "skiff");
        json.WriteEndObject();
    }

    private async Task WorkAsync()
    {
        var last = time.GetTimestamp();
        while (!_stopping.IsCancellationRequested)
        {
            await Task.Delay(Round, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            var withFigures = time.GetElapsedTime(last) >= FiguresRound;
            last = withFigures ? time.GetTimestamp() : last;
            await SendAsync(withFigures);
        }
    }

    private async Task SendAsync(bool withFigures)
    {
        if (tracer?.Take() is { Spans: { Count: > 0 } spans })
        {
            await TryAsync(cancellation => PostAsync("v1/traces", Traces(service, spans), cancellation));
        }

        if (withFigures)
        {
            await TryAsync(async cancellation =>
                await PostAsync("v1/metrics", Metrics(service, await figures(cancellation), _begun, time.GetUtcNow()), cancellation));
        }
    }

    // Each for itself: a collector that takes no traces may take figures.
    private async Task TryAsync(Func<CancellationToken, Task> send)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            await send(patience.Token);
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or IOException)
        {
            Tell(fault.Message);
        }
    }

    private async Task PostAsync(string path, byte[] body, CancellationToken cancellation)
    {
        var address = new Uri(collector.AbsoluteUri.TrimEnd('/') + "/" + path);
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await _client.SendAsync(request, cancellation);
        Tell(answer.IsSuccessStatusCode ? null : $"it answered {(int)answer.StatusCode}");
    }

    // Once each time it changes.
    private void Tell(string? fault)
    {
        if (fault is not null != _away)
        {
            _away = fault is not null;
            log(fault is null ? $"the collector {collector} is back" : $"the collector {collector} takes nothing: {fault}");
        }
    }
}
