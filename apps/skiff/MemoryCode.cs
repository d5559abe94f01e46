using Microsoft.Win32.SafeHandles;
using Skiff.Guest;
using Skiff.Linux;
using Skiff.Runner;

namespace Skiff.Cli;

/// <summary>Compiled code that lies in no cache: in files of memory, which go with their descriptors.</summary>
internal sealed class MemoryCode : IDisposable
{
    private readonly List<SafeFileHandle> _files = [];

    public MemoryCode(CompiledGuest compiled)
    {
        if (compiled.Kind == CodeKind.Module)
        {
            Code = new CompiledCode(Add(compiled.Modules[0].Code!.Bytes), CodeKind.Module, []);
            return;
        }

        var paths = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var module in compiled.Modules.Where(module => module.Code is not null))
        {
            paths.Add(module.Digest, Add(module.Code!.Bytes));
        }

        Code = new CompiledCode(Add(compiled.Component), CodeKind.Component, [.. compiled.Modules.Select(module => paths[module.Digest])]);
    }

    public CompiledCode Code { get; }

    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }
    }

    private string Add(ReadOnlySpan<byte> code)
    {
        var file = Descriptors.Memory("skiff-code", code);
        _files.Add(file);
        return $"/proc/self/fd/{file.DangerousGetHandle()}";
    }
}
