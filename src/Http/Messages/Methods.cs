using Skiff.Http.Bindings.Http;

namespace Skiff.Http.Messages;

/// <summary>Methods as text and as wasi:http's variant.</summary>
internal static class Methods
{
    public static Method Of(string text) => text switch
    {
        "GET" => Method.Get,
        "HEAD" => Method.Head,
        "POST" => Method.Post,
        "PUT" => Method.Put,
        "DELETE" => Method.Delete,
        "CONNECT" => Method.Connect,
        "OPTIONS" => Method.Options,
        "TRACE" => Method.Trace,
        "PATCH" => Method.Patch,
        _ => Method.Other(text),
    };

    public static string Text(Method method) => method.Case switch
    {
        Method.Kind.Other => method.AsOther,
        var known => known.ToString().ToUpperInvariant(),
    };
}
