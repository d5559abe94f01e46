using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Skiff.Http.Serving;

/// <summary>How a request's line looks.</summary>
public enum AccessLogFormat
{
    /// <summary><c>2026-11-25T10:00:00.000Z GET /path 200 13B 1.2ms</c>, and behind that, when a guest failed, how.</summary>
    Text,

    /// <summary>One JSON object a line: time, site, method, target, status, bytes, seconds, and reason when there is one.</summary>
    Json,
}

/// <summary>
/// One line for each request. Requests never wait for the log: lines are collected and written by one worker. A reader that is too
/// slow loses lines, and finds a line that says how many.
/// </summary>
public sealed class AccessLog(Stream output, AccessLogFormat format, TimeProvider time) : IAsyncDisposable
{
    private const int PendingBytesMax = 1024 * 1024;

    private readonly Lock _gate = new();
    // Made with the first line, and the second of them with the first one that comes while one is written.
    private ArrayBufferWriter<byte> _pending = new();
    private ArrayBufferWriter<byte> _writing = new();
    private bool _isWriting;
    private Task _drained = Task.CompletedTask;
    private long _lost;

    internal void Write(HttpExchange exchange, int status) => Write(() =>
    {
        if (format == AccessLogFormat.Json)
        {
            WriteJson(exchange, status);
        }
        else
        {
            WriteText(exchange, status);
        }
    });

    /// <summary>Something that is not about a response.</summary>
    internal void Say(string text) => Write(() =>
    {
        if (format == AccessLogFormat.Json)
        {
            using var json = new Utf8JsonWriter(_pending);
            json.WriteStartObject();
            json.WriteString("time", time.GetUtcNow());
            json.WriteString("message", text);
            json.WriteEndObject();
        }
        else
        {
            Append(string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {Printable(text)}"));
        }

        Append("\n");
    });

    private void Write(Action line)
    {
        lock (_gate)
        {
            if (_pending.WrittenCount > PendingBytesMax)
            {
                _lost++;
                return;
            }

            line();
            if (_isWriting)
            {
                return;
            }

            _isWriting = true;
            _drained = DrainAsync();
        }
    }

    /// <summary>Waits until everything is written.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            return new ValueTask(_drained);
        }
    }

    private async Task DrainAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        for (; ; )
        {
            lock (_gate)
            {
                if (_pending.WrittenCount == 0)
                {
                    _isWriting = false;
                    return;
                }

                (_pending, _writing) = (_writing, _pending);
                if (_lost != 0)
                {
                    Append(string.Create(CultureInfo.InvariantCulture, $"{_lost} lines lost: whoever reads this log is too slow\n"));
                    _lost = 0;
                }
            }

            try
            {
                await output.WriteAsync(_writing.WrittenMemory).ConfigureAwait(false);
                await output.FlushAsync().ConfigureAwait(false);
            }
            catch (IOException)
            {
                // The reader has gone; the requests go on without their lines.
            }

            _writing.ResetWrittenCount();
        }
    }

    private void WriteText(HttpExchange exchange, int status)
    {
        var milliseconds = exchange.Elapsed.TotalMilliseconds;
        Append(string.Create(
            CultureInfo.InvariantCulture,
            $"{time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {exchange.Method} {Printable(exchange.Target)} {status} {exchange.BytesSent}B {milliseconds:0.0##}ms"));
        if (exchange.Reason is { } reason)
        {
            Append(" ");
            Append(Printable(reason));
        }

        Append("\n");
    }

    private void WriteJson(HttpExchange exchange, int status)
    {
        using (var json = new Utf8JsonWriter(_pending))
        {
            json.WriteStartObject();
            json.WriteString("time", time.GetUtcNow());
            json.WriteString("site", exchange.Site.Name);
            json.WriteString("method", exchange.Method);
            json.WriteString("target", exchange.Target);
            json.WriteNumber("status", status);
            json.WriteNumber("bytes", exchange.BytesSent);
            json.WriteNumber("seconds", Math.Round(exchange.Elapsed.TotalSeconds, 6));
            if (exchange.Reason is { } reason)
            {
                json.WriteString("reason", reason);
            }

            if (exchange.Span is { } span)
            {
                json.WriteString("trace", span.Context.TraceIdText);
            }

            json.WriteEndObject();
        }

        Append("\n");
    }

    private void Append(string text) => _pending.Advance(Encoding.UTF8.GetBytes(text, _pending.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));

    /// <summary>What a client or a guest says must not forge lines or drive a terminal.</summary>
    private static string Printable(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\x1f') && !text.AsSpan().ContainsAnyExceptInRange('\0', '\x7e'))
        {
            return text;
        }

        var printable = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            if (character is '\n')
            {
                printable.Append(" | ");
            }
            else if (char.IsControl(character))
            {
                printable.Append(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}");
            }
            else
            {
                printable.Append(character);
            }
        }

        return printable.ToString();
    }
}
