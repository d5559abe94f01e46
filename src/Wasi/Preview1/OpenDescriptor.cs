using Skiff.Linux.Files;
using Skiff.Wasi.Files;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Preview1;

/// <summary>What stands behind a descriptor number of a guest.</summary>
internal abstract class OpenDescriptor(Filetype type, Rights rights, Rights inheriting) : IDisposable
{
    public Filetype Type { get; } = type;

    public Rights Rights { get; private set; } = rights;

    public Rights Inheriting { get; private set; } = inheriting;

    public virtual FdFlags Flags => FdFlags.None;

    /// <summary>Whether reading and writing answer <c>again</c> instead of waiting.</summary>
    public bool IsNonBlocking => (Flags & FdFlags.Nonblock) != 0;

    /// <summary>Rights can be given away, never regained.</summary>
    public WasiErrno Narrow(Rights rights, Rights inheriting)
    {
        if ((rights & ~Rights) != 0 || (inheriting & ~Inheriting) != 0)
        {
            return WasiErrno.NotCapable;
        }

        (Rights, Inheriting) = (rights, inheriting);
        return WasiErrno.Success;
    }

    public virtual WasiErrno SetFlags(FdFlags flags) => flags == Flags ? WasiErrno.Success : WasiErrno.NotSupported;

    /// <summary>Reads what is there; 0 bytes at the end; <see cref="WasiErrno.Again"/> when there is nothing now.</summary>
    public abstract WasiErrno TryRead(Span<byte> buffer, out int count);

    /// <summary>Writes what can be written now; <see cref="WasiErrno.Again"/> when that is nothing.</summary>
    public abstract WasiErrno TryWrite(ReadOnlySpan<byte> bytes, out int count);

    /// <summary>Whether all that was written is out of our hands.</summary>
    public virtual bool IsFlushed => true;

    public abstract bool IsReady(Readiness wanted);

    /// <summary>Completes when it may be ready, or flushed.</summary>
    public abstract ValueTask WaitAsync(Readiness wanted, CancellationToken cancellation);

    /// <summary>Whether the other side has gone, for <c>poll_oneoff</c>'s hang-up flag.</summary>
    public virtual bool HasHungUp => false;

    public abstract void Dispose();
}

/// <summary>A file or directory.</summary>
internal sealed class OpenFile : OpenDescriptor
{
    public OpenFile(FileDescriptor file, Rights parentInheriting, ReadOnlyMemory<byte>? preopenName = null)
        : base(Preview1Words.Of(file.Type), RightsOf(file) & parentInheriting, file.IsDirectory ? parentInheriting : RightsOf(file))
    {
        File = file;
        PreopenName = preopenName;
    }

    public FileDescriptor File { get; }

    /// <summary>The guest's name for a granted directory.</summary>
    public ReadOnlyMemory<byte>? PreopenName { get; }

    public override FdFlags Flags => Preview1Words.Of(File.Flags);

    public override bool HasHungUp => File.IsStream && File.IsReady(Readiness.None);

    public override WasiErrno SetFlags(FdFlags flags) => File.SetFlags(Preview1Words.Of(flags));

    public override WasiErrno TryRead(Span<byte> buffer, out int count) => File.Read(buffer, out count);

    public override WasiErrno TryWrite(ReadOnlySpan<byte> bytes, out int count) => File.Write(bytes, out count);

    public override bool IsReady(Readiness wanted) => File.IsReady(wanted);

    public override ValueTask WaitAsync(Readiness wanted, CancellationToken cancellation) => File.WaitAsync(wanted, cancellation);

    public override void Dispose() => File.Dispose();

    private static Rights RightsOf(FileDescriptor file)
    {
        if (file.IsDirectory)
        {
            return Rights.Directory;
        }

        var rights = file.IsStream ? Rights.Stream : Rights.File;
        rights &= file.CanRead ? rights : ~Rights.Reading;
        return rights & (file.CanWrite ? rights : ~Rights.Writing);
    }
}

/// <summary>Standard input. The stream belongs to the state: closing the number leaves it open.</summary>
internal sealed class OpenInput(InputStream stream, bool isTerminal) : OpenDescriptor(
    isTerminal ? Filetype.CharacterDevice : Filetype.Unknown, Rights.Stream & ~Rights.Writing, Rights.Stream & ~Rights.Writing)
{
    private FdFlags _flags;

    public override FdFlags Flags => _flags;

    public override WasiErrno SetFlags(FdFlags flags)
    {
        _flags = flags & FdFlags.Nonblock;
        return WasiErrno.Success;
    }

    public override WasiErrno TryRead(Span<byte> buffer, out int count)
    {
        var result = stream.Read(buffer);
        count = (int)result.Count;
        if (result.Error is { } error)
        {
            return error.Errno;
        }

        return result.IsClosed || count > 0 || buffer.IsEmpty ? WasiErrno.Success : WasiErrno.Again;
    }

    public override WasiErrno TryWrite(ReadOnlySpan<byte> bytes, out int count)
    {
        count = 0;
        return WasiErrno.BadDescriptor;
    }

    public override bool IsReady(Readiness wanted) => (wanted & Readiness.Readable) == 0 || stream.IsReady;

    public override ValueTask WaitAsync(Readiness wanted, CancellationToken cancellation) => stream.WaitAsync(cancellation);

    public override void Dispose()
    {
    }
}

/// <summary>Standard output or error; see <see cref="OpenInput"/>.</summary>
internal sealed class OpenOutput(OutputStream stream, bool isTerminal) : OpenDescriptor(
    isTerminal ? Filetype.CharacterDevice : Filetype.Unknown, Rights.Stream & ~Rights.Reading, Rights.Stream & ~Rights.Reading)
{
    private FdFlags _flags = FdFlags.Append;

    public override FdFlags Flags => _flags;

    public override bool IsFlushed => stream.IsReady;

    public override WasiErrno SetFlags(FdFlags flags)
    {
        _flags = flags & (FdFlags.Nonblock | FdFlags.Append);
        return WasiErrno.Success;
    }

    public override WasiErrno TryRead(Span<byte> buffer, out int count)
    {
        count = 0;
        return WasiErrno.BadDescriptor;
    }

    public override WasiErrno TryWrite(ReadOnlySpan<byte> bytes, out int count)
    {
        count = 0;
        var result = stream.CheckWrite();
        if (result.IsOpen && result.Count > 0)
        {
            count = (int)Math.Min(result.Count, (ulong)bytes.Length);
            result = stream.Write(bytes[..count]);
        }

        if (result.IsOpen)
        {
            return count > 0 || bytes.IsEmpty ? WasiErrno.Success : WasiErrno.Again;
        }

        count = 0;
        return result.Error?.Errno ?? WasiErrno.Pipe;
    }

    public override bool IsReady(Readiness wanted) => (wanted & Readiness.Writable) == 0 || stream.IsReady;

    public override ValueTask WaitAsync(Readiness wanted, CancellationToken cancellation) => stream.WaitAsync(cancellation);

    public override void Dispose()
    {
    }
}
