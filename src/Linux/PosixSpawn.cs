using System.Collections;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// posix_spawn(3): glibc makes the child share our memory until exec (as vfork does), so starting a program costs the same
/// however much memory we have, and no .NET code ever runs in the child.
/// </summary>
internal static unsafe partial class PosixSpawn
{
    /// <summary>Sizes with room to spare: glibc's structures have 336, 80 and 128 bytes on x64 and arm64.</summary>
    private const int AttributesSize = 512;
    private const int FileActionsSize = 256;
    private const int SignalSetSize = 128;

    private const short POSIX_SPAWN_SETSIGDEF = 0x04;
    private const short POSIX_SPAWN_SETSIGMASK = 0x08;
    private const short POSIX_SPAWN_SETSID = 0x80;

    /// <summary>Sources are duplicated to numbers from here on, so that no dup2 overwrites a source that is still needed.</summary>
    private const int HighDescriptor = 100;

    public static int Start(SpawnRequest request)
    {
        SafeHandle?[] descriptors =
            [request.StandardInput, request.StandardOutput, request.StandardError, .. request.Inherited];
        using var sources = new HighDescriptors(descriptors);
        using var arguments = new NativeStrings(request.Arguments);
        using var environment = new NativeStrings(request.Environment ?? OwnEnvironment());
        var attributes = stackalloc byte[AttributesSize];
        var actions = stackalloc byte[FileActionsSize];
        Require(posix_spawnattr_init(attributes), "posix_spawnattr_init");
        Require(posix_spawn_file_actions_init(actions), "posix_spawn_file_actions_init");
        try
        {
            SetAttributes(attributes, request.NewSession);
            AddActions(actions, sources.Numbers, request.WorkingDirectory);
            int pid;
            var error = posix_spawn(&pid, request.Program, actions, attributes, arguments.Pointers, environment.Pointers);
            return error == 0 ? pid : throw new LinuxException("execute", error, Subject(request));
        }
        finally
        {
            // Only frees memory; its documented return value is always 0.
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
        }
    }

    private static string Subject(SpawnRequest request) =>
        request.WorkingDirectory is null ? request.Program : $"{request.Program} in folder {request.WorkingDirectory}";

    private static void SetAttributes(byte* attributes, bool newSession)
    {
        var signals = stackalloc byte[SignalSetSize];
        // Every bit, also the two that sigfillset leaves out: glibc ignores its own signals in the child otherwise.
        new Span<byte>(signals, SignalSetSize).Fill(0xFF);
        Require(posix_spawnattr_setsigdefault(attributes, signals), "posix_spawnattr_setsigdefault");
        new Span<byte>(signals, SignalSetSize).Clear();
        Require(posix_spawnattr_setsigmask(attributes, signals), "posix_spawnattr_setsigmask");
        var flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | (newSession ? POSIX_SPAWN_SETSID : 0);
        Require(posix_spawnattr_setflags(attributes, (short)flags), "posix_spawnattr_setflags");
    }

    private static void AddActions(byte* actions, int?[] sources, string? workingDirectory)
    {
        for (var target = 0; target < sources.Length; target++)
        {
            Require(
                sources[target] is { } source
                    ? posix_spawn_file_actions_adddup2(actions, source, target)
                    : posix_spawn_file_actions_addopen(actions, target, "/dev/null", Libc.O_RDWR, 0),
                "posix_spawn_file_actions");
        }

        // Closed here and not only by exec: descriptors that our own parent leaked to us without close-on-exec must not
        // travel on; and the child lets go of our sockets before we run again, so that a socket we close then is really closed.
        Require(posix_spawn_file_actions_addclosefrom_np(actions, sources.Length), "posix_spawn_file_actions_addclosefrom_np");
        if (workingDirectory is not null)
        {
            Require(posix_spawn_file_actions_addchdir_np(actions, workingDirectory), "posix_spawn_file_actions_addchdir_np");
        }
    }

    private static List<string> OwnEnvironment()
    {
        var variables = new List<string>();
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            variables.Add($"{variable.Key}={variable.Value}");
        }

        return variables;
    }

    /// <summary>These functions return the error number instead of setting errno.</summary>
    private static void Require(int error, string operation)
    {
        if (error != 0)
        {
            throw new LinuxException(operation, error);
        }
    }

    /// <summary>Duplicates of the sources at high numbers, for the time of one spawn.</summary>
    private sealed class HighDescriptors : IDisposable
    {
        private readonly List<SafeFileHandle> _copies = [];

        public HighDescriptors(SafeHandle?[] sources)
        {
            Numbers = new int?[sources.Length];
            try
            {
                for (var i = 0; i < sources.Length; i++)
                {
                    if (sources[i] is { } source)
                    {
                        var lowest = Math.Max(HighDescriptor, sources.Length);
                        var copy = Libc.Own(Libc.fcntl(source, Libc.F_DUPFD_CLOEXEC, lowest), "duplicate descriptor for a child");
                        _copies.Add(copy);
                        Numbers[i] = (int)copy.DangerousGetHandle();
                    }
                }
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        /// <summary>By target descriptor; null: /dev/null.</summary>
        public int?[] Numbers { get; }

        public void Dispose() => _copies.ForEach(copy => copy.Dispose());
    }

    /// <summary>A null-terminated array of UTF-8 strings.</summary>
    private sealed class NativeStrings : IDisposable
    {
        private readonly int _count;

        public NativeStrings(IReadOnlyList<string> strings)
        {
            if (strings.FirstOrDefault(text => text.Contains('\0', StringComparison.Ordinal)) is { } bad)
            {
                throw new LinuxException("execute (an argument or variable contains a zero byte)", Errno.EINVAL, bad.Split('\0')[0]);
            }

            _count = strings.Count;
            Pointers = (byte**)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(byte*));
            for (var i = 0; i < _count; i++)
            {
                Pointers[i] = (byte*)Marshal.StringToCoTaskMemUTF8(strings[i]);
            }
        }

        public byte** Pointers { get; }

        public void Dispose()
        {
            for (var i = 0; i < _count; i++)
            {
                Marshal.FreeCoTaskMem((nint)Pointers[i]);
            }

            NativeMemory.Free(Pointers);
        }
    }

    [LibraryImport(Libc.Name, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(int* pid, string path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport(Libc.Name)]
    private static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport(Libc.Name)]
    private static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport(Libc.Name)]
    private static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport(Libc.Name)]
    private static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport(Libc.Name)]
    private static partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    [LibraryImport(Libc.Name)]
    private static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport(Libc.Name)]
    private static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport(Libc.Name)]
    private static partial int posix_spawn_file_actions_adddup2(byte* actions, int source, int target);

    [LibraryImport(Libc.Name, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addopen(byte* actions, int target, string path, int flags, uint mode);

    [LibraryImport(Libc.Name)]
    private static partial int posix_spawn_file_actions_addclosefrom_np(byte* actions, int lowest);

    [LibraryImport(Libc.Name, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addchdir_np(byte* actions, string path);
}
