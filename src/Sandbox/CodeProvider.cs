using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Skiff.Guest;
using Skiff.Linux;

namespace Skiff.Sandbox;

/// <summary>Compiled code of a guest, open: it stays usable when the cache is cleaned meanwhile.</summary>
/// <param name="forget">Takes it out of the cache, because it does not load.</param>
internal sealed class GuestCode(CacheEntry entry, Action forget) : IDisposable
{
    public CodeKind Kind => entry.Kind;

    public bool IsBaseline => entry.IsBaseline;

    /// <summary>What the container inherits from <see cref="StartGate.CodeDescriptor"/> on.</summary>
    public IEnumerable<SafeFileHandle> Handles => [entry.Handle, .. entry.Modules.Select(module => module.Handle)];

    public void Forget() => forget();

    public void Dispose() => entry.Dispose();
}

/// <summary>
/// Gets a guest's compiled code: from the node's cache, or by a helper process that compiles under limits of its own
/// (hostile modules are compiled there and never in the shim). Many starts of one new module compile it once: the helper locks.
/// </summary>
internal sealed class CodeProvider(ChildReaper reaper, SandboxPlaces places, TimeProvider time)
{
    /// <summary>Exit code of <c>skiff image-code</c>: the image has no Wasm layer.</summary>
    private const int NoWasmLayer = 3;

    /// <summary>A 13 MB component takes 35 s on a busy machine, and may wait for a place among the compilers.</summary>
    private static readonly TimeSpan CompileTime = TimeSpan.FromMinutes(10);

    private readonly CodeCache _cache = new(places.Cache, time);

    /// <summary>Code of a module in the file tree of a container.</summary>
    /// <param name="path">Its path in the container, for errors.</param>
    /// <param name="layers">The layers of the container's image, where the file may lie.</param>
    public async Task<GuestCode> OfFileAsync(SafeFileHandle file, string path, RootfsLayers layers, CancellationToken cancellation)
    {
        using var committed = layers.TryOpenCommitted(file);
        return await OfFileAsync(committed ?? file, path, committed is not null, cancellation);
    }

    private async Task<GuestCode> OfFileAsync(SafeFileHandle file, string path, bool committed, CancellationToken cancellation)
    {
        var length = RandomAccess.GetLength(file);
        if (length > CodeCache.ModuleBytesMax)
        {
            throw new SandboxException($"{path} has {length} bytes; a module may have at most {CodeCache.ModuleBytesMax}.", SandboxFault.InvalidArgument);
        }

        var digest = committed ? DigestOfCommitted(file) : ContentDigest.Of(file);
        if (TryOpen(digest) is { } cached)
        {
            if (!cached.IsBaseline || _cache.IsClaimed(digest))
            {
                return cached;
            }

            // Nobody makes better code: the helper has it made.
            cached.Dispose();
        }

        var result = await HelpAsync(["compile", "--stdin", .. CacheArguments()], file, cancellation);
        if (result.Exit.Code != 0)
        {
            throw new SandboxException($"{path} cannot be compiled: {Reason(result)}", SandboxFault.InvalidArgument);
        }

        return Digest(result) == digest
            ? Opened(digest)
            : throw new SandboxException($"{path} was changed while it was compiled: try again.", SandboxFault.FailedPrecondition);
    }

    /// <summary>Code of the Wasm layer of a container's image; null when the image has none.</summary>
    public async Task<GuestCode?> OfImageAsync(string containerd, string @namespace, string id, CancellationToken cancellation)
    {
        var result = await HelpAsync(
            ["image-code", "--containerd", containerd, "--namespace", @namespace, "--container", id, .. CacheArguments()], null, cancellation);
        return result.Exit.Code switch
        {
            0 => Opened(Digest(result)),
            NoWasmLayer => null,
            _ => throw new SandboxException($"The Wasm layer of the image cannot be used: {Reason(result)}", SandboxFault.InvalidArgument),
        };
    }

    // Hashing costs 5 ms a megabyte, more than all else that a start of ours costs: a file of an image is hashed once a node.
    private string DigestOfCommitted(SafeFileHandle file) => InCache(() =>
    {
        var identity = FileIdentity.Of(file);
        if (_cache.TryRecall(identity.ToString()) is { } known)
        {
            return known;
        }

        var settled = identity.IsSettled(time);
        var digest = ContentDigest.Of(file);
        if (settled && FileIdentity.Of(file) == identity)
        {
            _cache.Remember(identity.ToString(), digest);
        }

        return digest;
    });

    private GuestCode? TryOpen(string digest) =>
        InCache(() =>
        (places.WaitsForOptimised ? _cache.TryOpen(digest) : _cache.TryOpenBest(digest)) is { } entry
            ? new GuestCode(entry, () => (entry.IsBaseline ? _cache.Baseline : _cache).Remove(digest))
            : null);

    private static T InCache<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (IOException fault)
        {
            throw new SandboxException($"The cache of compiled code cannot be used: {fault.Message}", SandboxFault.FailedPrecondition, fault);
        }
    }

    private GuestCode Opened(string digest) =>
        TryOpen(digest) ?? throw new SandboxException(
            $"Compiled code {digest} is not in {places.Cache} although it was just put there: the cache is too small or its disk is full.",
            SandboxFault.ResourceExhausted);

    private IReadOnlyList<string> CacheArguments() =>
    [
        .. places.WaitsForOptimised ? (ReadOnlySpan<string>)[] : ["--soon"],
        "--cache", places.Cache,
        .. places.CacheBytesMax is { } most ? ["--cache-max", most.ToString(CultureInfo.InvariantCulture)] : (ReadOnlySpan<string>)[],
    ];

    private async Task<ProgramResult> HelpAsync(IReadOnlyList<string> arguments, SafeFileHandle? input, CancellationToken cancellation)
    {
        var request = new SpawnRequest { Program = places.RunProgram, Arguments = ["skiff", .. arguments], StandardInput = input };
        try
        {
            return await reaper.RunAsync(request, CompileTime, cancellation);
        }
        catch (LinuxException fault)
        {
            throw SandboxPlaces.NotStarted("run program", fault);
        }
        catch (TimeoutException fault)
        {
            throw new SandboxException(fault.Message, SandboxFault.ResourceExhausted, fault);
        }
    }

    // "DIGEST module|component".
    private static string Digest(ProgramResult result)
    {
        var digest = result.Output.Split([' ', '\n'], 2)[0];
        return ContentDigest.IsValid(digest)
            ? digest
            : throw new SandboxException("The run program did not answer with a digest: it and the shim are not of the same version; install both anew.");
    }

    private static string Reason(ProgramResult result) =>
        RuntimeError.Parse(result.ErrorOutput)
        ?? (result.Exit.Signal != 0 ? $"the compiler was ended by signal {result.Exit.Signal} (its memory limit?)" : $"the compiler ended with {result.Exit.Code}");
}
