using System.Text;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>
/// State of the engine's own WASI for one store. Grants nothing but what is called for. Give it to one store, or dispose it.
/// </summary>
public sealed unsafe class BuiltInWasi : IDisposable
{
    private nint _config = StoreApi.wasi_config_new();

    ~BuiltInWasi() => Release();

    public void SetArguments(IReadOnlyList<string> arguments)
    {
        using var strings = new StringArray(arguments);
        if (StoreApi.wasi_config_set_argv(_config, (nuint)arguments.Count, strings.Pointers) == 0)
        {
            throw new EngineException("an argument is not valid UTF-8");
        }
    }

    public void SetEnvironment(IReadOnlyList<KeyValuePair<string, string>> variables)
    {
        using var names = new StringArray(variables.Select(v => v.Key).ToArray());
        using var values = new StringArray(variables.Select(v => v.Value).ToArray());
        if (StoreApi.wasi_config_set_env(_config, (nuint)variables.Count, names.Pointers, values.Pointers) == 0)
        {
            throw new EngineException("an environment variable is not valid UTF-8");
        }
    }

    /// <summary>Lets the guest see a directory of the host.</summary>
    public void AddDirectory(string hostPath, string guestPath, bool readOnly)
    {
        fixed (byte* host = WasmEngine.ZeroTerminated(hostPath), guest = WasmEngine.ZeroTerminated(guestPath))
        {
            if (StoreApi.wasi_config_preopen_dir(_config, host, guest, readOnly ? (byte)0 : (byte)1) == 0)
            {
                throw new EngineException($"directory {hostPath} cannot be opened");
            }
        }
    }

    /// <summary>The guest's stdin, stdout and stderr are this process's.</summary>
    public void InheritStandardStreams()
    {
        StoreApi.wasi_config_inherit_stdin(_config);
        StoreApi.wasi_config_inherit_stdout(_config);
        StoreApi.wasi_config_inherit_stderr(_config);
    }

    /// <summary>Allows name lookup and every address. (Version 50 of the engine refuses sockets all the same.)</summary>
    public void InheritNetwork()
    {
        StoreApi.wasi_config_inherit_network(_config);
        StoreApi.wasi_config_allow_ip_name_lookup(_config, 1);
    }

    /// <summary>Hands the state to a store. Nothing more can be granted afterwards.</summary>
    public void AttachTo(WasmStore store)
    {
        ObjectDisposedException.ThrowIf(_config == 0, this);
        var config = _config;
        _config = 0;
        EngineException.ThrowIfError(StoreApi.wasmtime_context_set_wasi(store.Context, config));
    }

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (_config != 0)
        {
            StoreApi.wasi_config_delete(_config);
            _config = 0;
        }
    }

    /// <summary>An array of C strings, pinned.</summary>
    private readonly ref struct StringArray : IDisposable
    {
        private readonly byte* _bytes;

        public StringArray(IReadOnlyList<string> texts)
        {
            var pointers = (nuint)texts.Count * (nuint)sizeof(byte*);
            nuint length = pointers;
            foreach (var text in texts)
            {
                if (text.Contains('\0', StringComparison.Ordinal))
                {
                    throw new EngineException("an argument or environment variable has a zero character in it");
                }

                length += (nuint)Encoding.UTF8.GetByteCount(text) + 1;
            }

            _bytes = (byte*)System.Runtime.InteropServices.NativeMemory.Alloc(Math.Max(length, 1));
            var at = _bytes + pointers;
            for (var i = 0; i < texts.Count; i++)
            {
                Pointers[i] = at;
                at += Encoding.UTF8.GetBytes(texts[i], new Span<byte>(at, checked((int)(length - (nuint)(at - _bytes)))));
                *at++ = 0;
            }
        }

        public byte** Pointers => (byte**)_bytes;

        public void Dispose() => System.Runtime.InteropServices.NativeMemory.Free(_bytes);
    }
}
