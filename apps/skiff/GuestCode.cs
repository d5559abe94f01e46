using Skiff.Guest;
using Skiff.Linux;
using Skiff.Runner;

namespace Skiff.Cli;

/// <summary>The code of a guest on this machine: from the cache, or compiled into it.</summary>
/// <param name="optimised">Waits for optimised code; else a large guest starts with that of the baseline compiler.</param>
internal sealed class GuestCode(CodeCache cache, LoadedFile file, bool optimised)
{
    /// <summary>Gets the code and loads it. A damaged entry is made anew.</summary>
    public T Load<T>(Func<CachedModule, T> load)
    {
        var module = Compile();
        try
        {
            return load(module);
        }
        catch (DamagedCodeException) when (module.WasCached)
        {
            // Once: what does not load right after compiling will not load the next time either.
            (module.Code.IsBaseline ? cache.Baseline : cache).Remove(module.Digest);
            return load(Compile());
        }
    }

    /// <summary>Has better code made, if there can be.</summary>
    public void Optimise(CachedModule module, Action<SpawnRequest> start) => Optimiser.Start(cache, null, module, file.Content, start);

    private CachedModule Compile()
    {
        using var progress = new CompileProgress(file.Path, TimeProvider.System);
        var compiler = CacheLocation.Compiler(cache);
        return optimised ? compiler.Compile(file.Path, file.Content) : compiler.CompileSoon(file.Path, file.Content, handlers: true);
    }
}
