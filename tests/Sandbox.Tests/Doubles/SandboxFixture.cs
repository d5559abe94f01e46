using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Skiff.Guest;
using Skiff.Linux;

[assembly: AssemblyFixture(typeof(Skiff.Sandbox.Tests.Doubles.SandboxFixture))]

namespace Skiff.Sandbox.Tests.Doubles;

/// <summary>One reaper for the process, programs made from the C files beside this one, and a folder for everything else.</summary>
public sealed class SandboxFixture : IAsyncLifetime
{
    private static readonly TimeSpan CompilerTime = TimeSpan.FromMinutes(1);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("skiff-sandbox-");

    public ChildReaper Reaper { get; } = new(TimeProvider.System, subreaper: true);

    public string Folder => _folder.FullName;

    public string NativeProgram => Path.Combine(Folder, "native");

    public SandboxPlaces Places => new()
    {
        Home = Path.Combine(Folder, "home"),
        Cache = Path.Combine(Folder, "cache"),
        RunFolder = Path.Combine(Folder, "run"),
    };

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Places.Home);
        await CompileAsync("native.c", NativeProgram);
        var run = Path.Combine(Places.Home, "skiff");
        await CompileAsync("runprogram.c", run);
        File.Copy(run, Path.Combine(Places.Home, "ld-linux-x86-64.so.2"));
        File.Copy(run, Path.Combine(Places.Home, "ld-linux-aarch64.so.1"));
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        Reaper.Dispose();
        return ValueTask.CompletedTask;
    }

    public OciSandbox Sandbox(SandboxPlaces? places = null) => new(Reaper, places ?? Places, TimeProvider.System);

    /// <summary>A file that begins like a Wasm module, whose compiled form (a header and a text) lies in the cache.</summary>
    public byte[] CachedModule(string name, CodeKind kind = CodeKind.Module)
    {
        byte[] module = [.. "\0asm\x01\0\0\0"u8, .. System.Text.Encoding.UTF8.GetBytes(name)];
        var cache = new CodeCache(Places.Cache);
        var digest = Convert.ToHexStringLower(SHA256.HashData(module));
        var compiled = new byte[64];
        "\u007fELF"u8.CopyTo(compiled);
        compiled[40] = 64;
        if (kind == CodeKind.Module)
        {
            cache.InsertModule(digest, compiled);
            return module;
        }

        // Two core modules, so that a container inherits three descriptors of code.
        var modules = new[] { "one", "two" }.Select(part => ContentDigest.Of(System.Text.Encoding.UTF8.GetBytes(name + part))).ToArray();
        foreach (var part in modules)
        {
            cache.InsertModule(part, compiled);
        }

        cache.InsertComponent(digest, "\0asm\x0d\0\x01\0"u8, modules);
        return module;
    }

    private async Task CompileAsync(string source, string target, [CallerFilePath] string here = "")
    {
        var result = await Reaper.RunAsync(
            new SpawnRequest
            {
                Program = "/usr/bin/cc",
                Arguments = ["cc", "-static", "-O1", "-w", "-o", target, Path.Combine(Path.GetDirectoryName(here)!, source)],
            },
            CompilerTime,
            CancellationToken.None);
        Assert.True(result.Exit.Code == 0, result.ErrorOutput);
    }
}
