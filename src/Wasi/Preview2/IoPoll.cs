using Skiff.Engine;
using Skiff.Wasi.Bindings.Io;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Preview2;

/// <summary><c>wasi:io/poll</c>.</summary>
internal sealed class IoPoll(WasiState state) : IPoll
{
    public ValueTask<ReadOnlyMemory<uint>> Poll(IPollable[] @in)
    {
        if (@in.Length == 0)
        {
            throw new GuestTrapException("poll of an empty list");
        }

        var ready = PollSet.WaitAnyAsync(Array.ConvertAll(@in, static pollable => (Pollable)pollable), state.Ended);
        return ready.IsCompletedSuccessfully ? new ValueTask<ReadOnlyMemory<uint>>(ready.Result) : Wait(ready);

        static async ValueTask<ReadOnlyMemory<uint>> Wait(ValueTask<uint[]> ready) => await ready;
    }
}
