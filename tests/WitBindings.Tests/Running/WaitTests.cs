using Skiff.Components.Abi;
using Skiff.Components.Host;
using Skiff.WitBindings.Tests.Bindings.Sample;

namespace Skiff.WitBindings.Tests.Running;

/// <summary>Functions with @suspends: results are lowered after the wait, on a fiber and on a thread that is held.</summary>
public sealed class WaitTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Results_are_lowered_after_the_wait(bool atOnce)
    {
        using var component = new SampleComponent(PassThrough.Text(WaitsInterface.Definition), Host);
        using var guest = component.Start(new WaitingHost(atOnce));
        guest.Call("rest");
        Assert.Equal(ComponentValue.U32(0xffff_fffe), guest.Call("number", ComponentValue.U32(0xffff_fffe)));
        Assert.Equal(ComponentValue.String("grüße, grüße"), guest.Call("text", ComponentValue.String("grüße")));
        Assert.Equal(ComponentValue.Ok(ComponentValue.Bytes([7, 7, 7])), guest.Call("bytes", ComponentValue.U32(3)));
        Assert.Equal(ComponentValue.Error(ComponentValue.String("too long")), guest.Call("bytes", ComponentValue.U32(300_000)));
        // More than the guest's memory holds so far: it grows while the result is lowered.
        Assert.Equal(200_000, guest.Call("bytes", ComponentValue.U32(200_000))!.Value.Payload!.Value.AsList.Length);
        Assert.Equal(200_000, guest.Call("bytes", ComponentValue.U32(200_000))!.Value.Payload!.Value.AsList.Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_guest_on_a_fiber_is_suspended(bool atOnce)
    {
        using var component = new SampleComponent(
            """
            (component
              (import "skiff:sample/waits@1.2.0" (instance $host
                (export "rest" (func)) (export "number" (func (param "wanted" u32) (result u32)))))
              (core func $rest (canon lower (func $host "rest")))
              (core func $number (canon lower (func $host "number")))
              (core module $m
                (import "host" "rest" (func $rest))
                (import "host" "number" (func $number (param i32) (result i32)))
                (func (export "run") (param i32) (result i32)
                  (call $rest)
                  (i32.add (call $number (local.get 0)) (call $number (i32.const 2)))))
              (core instance $i (instantiate $m (with "host" (instance (export "rest" (func $rest)) (export "number" (func $number))))))
              (func (export "run") (param "n" u32) (result u32) (canon lift (core func $i "run"))))
            """,
            Host,
            fibers: true);
        using var guest = component.Start(new WaitingHost(atOnce));
        Assert.Equal(ComponentValue.U32(42), guest.Call("run", ComponentValue.U32(40)));
    }

    [Fact]
    public void Only_what_the_wit_marks_suspends() =>
        Assert.All(WaitsInterface.Definition.Functions, function => Assert.True(function.Suspends));

    private static HostInterfaces Host => new HostInterfaces().Add(WaitsInterface.Definition, state => state);

    private sealed class WaitingHost(bool atOnce) : IWaits
    {
        public async ValueTask Rest()
        {
            if (!atOnce)
            {
                await Task.Delay(5);
            }
        }

        public ValueTask<string> Text(GuestString wanted) => After($"{wanted.ToString()}, {wanted.ToString()}");

        public ValueTask<uint> Number(uint wanted) => After(wanted);

        public ValueTask<Result<ReadOnlyMemory<byte>, string>> Bytes(uint length)
        {
            var bytes = new byte[length];
            Array.Fill(bytes, (byte)7);
            return After(length > 250_000 ? Result<ReadOnlyMemory<byte>, string>.Error("too long") : new ReadOnlyMemory<byte>(bytes));
        }

        private async ValueTask<T> After<T>(T value)
        {
            await Rest();
            return value;
        }
    }
}
