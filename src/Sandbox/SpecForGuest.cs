using System.Globalization;
using System.Runtime.InteropServices;
using Skiff.Guest;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox;

/// <summary>How the run program is called inside a container.</summary>
/// <param name="Export">The export to call; null: the entry point.</param>
/// <param name="Arguments">The guest's argument vector, its own name first.</param>
internal sealed record RunCommand(CodeKind Kind, string? Export, IReadOnlyList<string> Arguments)
{
    /// <summary>Where the run program's folder is mounted in every Wasm container.</summary>
    public const string HomeInside = "/.skiff";

    /// <summary>The code is the baseline compiler's.</summary>
    public bool IsBaseline { get; init; }

    /// <summary>See <see cref="SandboxOptions.Bounds"/>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Bounds { get; init; } = [];

    /// <summary>What the annotations say of permissions and limits: names without their prefix, and values.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Permissions { get; init; } = [];

    /// <summary>The run program is started through its own loader: the image may have none, or an older one.</summary>
    public IReadOnlyList<string> ToArguments()
    {
        var loader = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "ld-linux-aarch64.so.1" : "ld-linux-x86-64.so.2";
        return
        [
            $"{HomeInside}/{loader}", "--library-path", HomeInside, $"{HomeInside}/skiff", "run", "--gate",
            .. Export is null ? (ReadOnlySpan<string>)[] : ["--export", Export],
            .. Bounds.SelectMany(bound => new[] { "--bound", $"{bound.Key}={bound.Value}" }),
            .. Permissions.SelectMany(permission => new[] { "--grant", $"{permission.Key}={permission.Value}" }),
            "--kind", Kind == CodeKind.Module ? "module" : "component",
            .. IsBaseline ? ["--baseline"] : (ReadOnlySpan<string>)[],
            "--", .. Arguments,
        ];
    }
}

/// <summary>The edits that make containerd's configuration one for the OCI runtime. Everything else passes through as it is.</summary>
internal static class SpecForGuest
{
    /// <summary>crun refuses versions it does not know (1.8 knows 1.0 only), although newer ones only added members.</summary>
    private const string OciVersion = "1.0.2";

    /// <summary>A native container: as containerd wrote it, but readable from the folder <c>BUNDLE/skiff</c>.</summary>
    /// <param name="rootfs">Absolute path of the root file system on the host.</param>
    public static byte[] Native(Bundle bundle, string rootfs, bool terminal) => Common(bundle, rootfs, terminal).ToJson();

    /// <summary>A Wasm container: the run program takes the place of the process, its folder is mounted read-only.</summary>
    /// <param name="home">The run program's folder on the host.</param>
    public static byte[] Wasm(Bundle bundle, GuestRoot root, bool terminal, string home, RunCommand command)
    {
        var editor = Common(bundle, root.Path, terminal);
        if (root.Sealed)
        {
            editor.Set("/root/readonly", true);
        }

        EditProcess(editor, "/process", bundle.Spec.Process!, command);
        return editor.SetRaw("/mounts/-", HomeMount(home)).ToJson();
    }

    /// <summary>A further process of a native container, or a native one of a Wasm container.</summary>
    public static byte[] NativeProcess(ReadOnlyMemory<byte> processJson, ProcessSpec process, bool terminal) =>
        process.Terminal == terminal ? processJson.ToArray() : new SpecEditor(processJson).Set("/terminal", terminal).ToJson();

    /// <summary>A further Wasm process of a Wasm container.</summary>
    public static byte[] WasmProcess(ReadOnlyMemory<byte> processJson, ProcessSpec process, bool terminal, RunCommand command)
    {
        var editor = new SpecEditor(processJson).Set("/terminal", terminal);
        EditProcess(editor, "", process, command);
        return editor.ToJson();
    }

    private static SpecEditor Common(Bundle bundle, string rootfs, bool terminal)
    {
        var spec = bundle.Spec;
        var editor = new SpecEditor(bundle.ConfigJson).Set("/root/path", rootfs);
        if (!spec.OciVersion.StartsWith("1.0.", StringComparison.Ordinal))
        {
            editor.Set("/ociVersion", OciVersion);
        }

        if (spec.Process!.Terminal != terminal)
        {
            editor.Set("/process/terminal", terminal);
        }

        for (var i = 0; i < spec.Mounts.Count; i++)
        {
            // The runtime's bundle is our folder: what is relative to containerd's bundle must be said absolutely.
            var mount = spec.Mounts[i];
            if (mount is { IsBind: true, Source: { Length: > 0 } source } && source[0] != '/')
            {
                editor.Set(string.Create(CultureInfo.InvariantCulture, $"/mounts/{i}/source"), bundle.Absolute(source));
            }
        }

        return editor;
    }

    private static void EditProcess(SpecEditor editor, string place, ProcessSpec process, RunCommand command)
    {
        editor.Set(place + "/args", command.ToArguments());

        if (!HasWorkingDirectory(process))
        {
            editor.Set(place + "/env/-", WorkingDirectory(process));
        }
    }

    /// <summary>The environment of a guest.</summary>
    public static IReadOnlyList<string> Environment(ProcessSpec process) =>
        HasWorkingDirectory(process) ? process.Env : [.. process.Env, WorkingDirectory(process)];

    // A shell would set it, and WASI has no other way to tell: Go and wasi-libc take the working directory from here.
    private static string WorkingDirectory(ProcessSpec process) => "PWD=" + process.Cwd;

    private static bool HasWorkingDirectory(ProcessSpec process) =>
        process.Env.Any(variable => variable.StartsWith("PWD=", StringComparison.Ordinal));

    private static byte[] HomeMount(string home) =>
    [
        .. """{"destination":"/.skiff","type":"bind","source":"""u8, .. SpecEditor.Quoted(home),
        .. ""","options":["bind","ro","nosuid","nodev","exec"]}"""u8,
    ];
}
