using System.Text.Json;
using Skiff.Guest;
using Skiff.Ttrpc;

namespace Skiff.Cli;

/// <summary>The shims of this node, found by their sockets and asked what they have.</summary>
internal static class NodeShims
{
    /// <summary>A shim that is so slow is named as one that does not answer.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(3);

    /// <param name="folder">Where their sockets lie.</param>
    /// <param name="silent">Takes the socket and the reason of a shim that does not answer.</param>
    public static async Task<IReadOnlyList<ServerStatus>> ListAsync(string folder, Action<string, string> silent)
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        var answers = await Task.WhenAll(Directory.EnumerateFiles(folder).Where(IsSocket).Select(path => AskAsync(path, silent)));
        return [.. answers.OfType<ServerStatus>().OrderBy(server => server.Pid)];
    }

    private static async Task<ServerStatus?> AskAsync(string path, Action<string, string> silent)
    {
        try
        {
            await using var shim = await TtrpcClient.ConnectAsync(path);
            var answer = await shim.CallAsync(NodeStatus.Service, NodeStatus.List, ReadOnlyMemory<byte>.Empty, AnswerTime);
            return JsonSerializer.Deserialize(answer.Span, NodeStatusJson.Default.ServerStatus);
        }
        catch (TtrpcException refusal) when (refusal.Status == TtrpcStatus.Unimplemented)
        {
            // Another maker's shim, or an older one of ours.
            return null;
        }
        catch (TtrpcConnectionException)
        {
            // Its server is gone: the socket of a shim that was killed, or one that was leaving.
            return null;
        }
        catch (Exception failure) when (failure is TtrpcException or JsonException)
        {
            silent(path, failure.Message);
            return null;
        }
    }

    private static bool IsSocket(string path) => Path.GetExtension(path) != ".lock";
}
