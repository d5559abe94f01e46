using System.Runtime.InteropServices;
using Skiff.Components.Abi;
using Skiff.Components.Linking;
using Skiff.Components.Runtime;
using Skiff.Engine;
using ComponentInstance = Skiff.Components.Runtime.ComponentInstance;

namespace Skiff.Components.Host;

/// <summary>The half of a call that gives: memory of the guest's own making, and waits.</summary>
public ref partial struct ComponentCall
{
    /// <summary>
    /// Lets the guest allocate memory for a result by its own <c>realloc</c>: this runs guest code, and every span taken before is stale.
    /// </summary>
    public uint Allocate(uint size, uint alignment)
    {
        if (size > AbiLimits.BytesMax)
        {
            throw new InvalidOperationException($"the host's result holds a string or list of {size} bytes; {AbiLimits.BytesMax} are allowed");
        }

        var address = _instance.Reallocate(Caller, _trampoline.Options, 0, 0, alignment, size);
        _ = _memory.Slice(address, size, alignment);
        return address;
    }

    /// <summary>Allocates a list's elements.</summary>
    /// <param name="size">Of one element.</param>
    public uint AllocateList(int length, uint size, uint alignment) =>
        Allocate(checked((uint)Math.Min((ulong)(uint)length * size, uint.MaxValue)), alignment);

    /// <summary>Copies bytes into the guest's memory.</summary>
    public (uint Address, uint Length) Lower(ReadOnlySpan<byte> bytes)
    {
        var address = Allocate((uint)bytes.Length, 1);
        bytes.CopyTo(_memory.Slice(address, (uint)bytes.Length));
        return (address, (uint)bytes.Length);
    }

    /// <summary>Copies numbers into the guest's memory.</summary>
    public (uint Address, uint Length) LowerList<T>(ReadOnlySpan<T> numbers)
        where T : unmanaged
    {
        var size = NumberSize.Of<T>();
        var address = AllocateList(numbers.Length, size, size);
        MemoryMarshal.AsBytes(numbers).CopyTo(_memory.Slice(address, (uint)numbers.Length * size));
        return (address, (uint)numbers.Length);
    }

    /// <summary>Copies a string into the guest's memory, in the guest's encoding. Unpaired surrogates become U+FFFD.</summary>
    /// <returns>The length is what the encoding counts in (CanonicalABI.md, "Storing").</returns>
    public (uint Address, uint Length) Lower(string text)
    {
        var encoding = _trampoline.Options.Encoding;
        var (size, alignment, length) = GuestText.Measure(encoding, text);
        var address = Allocate(size, alignment);
        GuestText.Encode(encoding, text, length, _memory.Slice(address, size));
        return (address, length);
    }

    /// <summary>Copies a string that is UTF-8 already.</summary>
    public (uint Address, uint Length) Lower(GuestString text) =>
        _trampoline.Options.Encoding == StringEncoding.Utf8 ? Lower(text.Bytes) : Lower(text.ToString());

    /// <summary>
    /// Waits for a task and then lowers its result; must be the last thing the binding does. The guest sleeps meanwhile: on a fiber it
    /// is suspended, else its thread waits. Flat parameters are still there for <paramref name="lower"/>, all spans are stale.
    /// </summary>
    /// <param name="lower">A static lambda: it gets all it needs.</param>
    public void Await<T>(ValueTask<T> task, HostResult<T> lower)
    {
        if (task.IsCompleted)
        {
            lower(ref this, task.GetAwaiter().GetResult());
            return;
        }

        Pending = new PendingCall<T>(_instance, _trampoline, task, lower);
    }

    /// <inheritdoc cref="Await{T}(ValueTask{T}, HostResult{T})"/>
    public void Await(ValueTask task)
    {
        if (task.IsCompleted)
        {
            task.GetAwaiter().GetResult();
            return;
        }

        Pending = new PendingCall<Unit>(_instance, _trampoline, new ValueTask<Unit>(Outcome(task)), static (ref _, _) => { });
    }

    private static async Task<Unit> Outcome(ValueTask task)
    {
        await task.ConfigureAwait(false);
        return default;
    }
}

/// <summary>A binding's wait that did not end at once.</summary>
internal abstract class PendingCall
{
    public abstract void Await(ref HostCall call);
}

/// <inheritdoc/>
internal sealed class PendingCall<T>(
    ComponentInstance instance, HostTrampoline trampoline, ValueTask<T> task, HostResult<T> lower) : PendingCall
{
    public override void Await(ref HostCall call) => call.Await(task, this, static (ref HostCall call, T result, PendingCall<T> self) => self.Lower(ref call, result));

    private void Lower(ref HostCall engine, T result)
    {
        var call = new ComponentCall(instance, trampoline, engine.Values);
        lower(ref call, result);
        // Waiting twice in one function would need a second suspension: a binding has one C# task.
        if (call.Pending is not null)
        {
            throw new InvalidOperationException("the binding waited twice");
        }
    }
}
