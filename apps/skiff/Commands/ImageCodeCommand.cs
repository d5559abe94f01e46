using System.CommandLine;
using Skiff.Guest;
using Skiff.Images;
using Skiff.Images.Containerd;
using Skiff.Linux;
using Skiff.Oci.Image;

namespace Skiff.Cli.Commands;

/// <summary>
/// <c>skiff image-code</c>: what the shim asks when a container's rootfs does not hold its module. Finds the Wasm layer of the
/// container's image in containerd, sees that the cache has its compiled form, and prints <c>DIGEST module|component</c>.
/// </summary>
internal static class ImageCodeCommand
{
    private const int Success = 0;
    private const int Failure = 1;
    private const int NoWasmLayer = 3;

    private static readonly Option<string> Address =
        new("--containerd") { Description = "Socket of containerd's gRPC services", HelpName = "ADDR", Required = true };

    private static readonly Option<string> Namespace =
        new("--namespace") { Description = "containerd's namespace", HelpName = "NS", DefaultValueFactory = _ => "default" };

    private static readonly Option<string> Container =
        new("--container") { Description = "The container whose image holds the module", HelpName = "ID", Required = true };

    private static readonly Option<bool> Soon = new("--soon") { Description = "As that of compile" };
    private static readonly Option<string?> Cache = CacheLocation.Option();
    private static readonly Option<string?> CacheMax = CacheLocation.MaxOption();

    public static Command Create()
    {
        var command = new Command("image-code", "Compile the Wasm layer of a container's image into the cache; for the shim")
        {
            Address, Namespace, Container, Soon, Cache, CacheMax,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                return await RunAsync(parsed, cancellation);
            }
            catch (Exception fault) when (
                fault is ImageException or GuestException or IOException or UnauthorizedAccessException or OperationCanceledException)
            {
                Outcome.Complain(fault.Message);
                return Failure;
            }
        });
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        using var store = new ContainerdStore(parsed.GetRequiredValue(Address), parsed.GetRequiredValue(Namespace));
        var finder = new LayerFinder(store);
        var search = await finder.FindAsync(parsed.GetRequiredValue(Container), cancellation);
        if (search.Layer is null)
        {
            Outcome.Complain(search.Reason);
            return NoWasmLayer;
        }

        var cache = CacheLocation.Open(parsed.GetValue(Cache));
        var soon = parsed.GetValue(Soon);
        if (Cached(cache, search.Layer, soon) is not { } answer)
        {
            CompileCommand.LimitSelf();
            var content = await finder.ReadAsync(search.Layer, CodeCache.ModuleBytesMax, cancellation);
            var bound = parsed.GetValue(CacheMax);
            var module = CompileCommand.Compile(CacheLocation.Compiler(cache, bound), $"layer {search.Layer.Digest}", content, soon);
            Optimiser.Start(cache, bound, module, content, static request => DetachedProgram.Start(request));
            answer = CompileCommand.Answer(module.Digest, module.Code.Kind);
        }

        Console.Out.Write(answer);
        return Success;
    }

    // The usual case: the digest of a layer is in the manifest, so a layer that was compiled once is not read again.
    private static string? Cached(CodeCache cache, Descriptor layer, bool soon)
    {
        if (!Digest.TryParse(layer.Digest, out var digest))
        {
            return null;
        }

        // Baseline code does only while somebody makes better.
        using var entry = soon && cache.IsClaimed(digest.Hex) ? cache.TryOpenBest(digest.Hex) : cache.TryOpen(digest.Hex);
        return entry is null ? null : CompileCommand.Answer(digest.Hex, entry.Kind);
    }
}
