using Skiff.Components.Abi;
using Skiff.Components.Host;

namespace Skiff.Components.Tests.Running;

/// <summary>Calls of exports and of host functions by interpretation.</summary>
public sealed class CallTests
{
    [Fact]
    public void Numbers_go_in_and_out()
    {
        using var guest = new RunningGuest("""
            (component
              (core module $m (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
              (core instance $i (instantiate $m))
              (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add"))))
            """);
        Assert.Equal(ComponentValue.U32(42), guest.Call("add", ComponentValue.U32(40), ComponentValue.U32(2)));
    }

    [Fact]
    public void A_string_goes_to_a_host_function_and_back()
    {
        var host = new HostInterfaces().Add(new HostInterface("test:a/b@0.1.0", [new HostFunctionDefinition(
            "shout", null, (_, arguments) => ComponentValue.String(arguments[0].AsString.ToUpperInvariant()))], []));
        using var guest = new RunningGuest(Echo, host);
        Assert.Equal(ComponentValue.String("GRÜSSE"), guest.Call("run", ComponentValue.String("grüße".Replace("ß", "ss"))));
    }

    private const string Echo = """
        (component
          (import "test:a/b@0.1.0" (instance $b (export "shout" (func (param "s" string) (result string)))))
          (core module $libc
            (memory (export "memory") 1)
            (global $next (mut i32) (i32.const 1024))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32)
              (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get 2)) (i32.const -1)) (i32.sub (i32.const 0) (local.get 2))))
              (global.get $next)
              (global.set $next (i32.add (global.get $next) (local.get 3)))))
          (core instance $libc (instantiate $libc))
          (alias core export $libc "memory" (core memory $mem))
          (alias core export $libc "realloc" (core func $realloc))
          (core func $shout (canon lower (func $b "shout") (memory $mem) (realloc $realloc)))
          (core module $m
            (import "b" "shout" (func $shout (param i32 i32 i32)))
            (func (export "run") (param i32 i32) (result i32)
              (call $shout (local.get 0) (local.get 1) (i32.const 16))
              (i32.const 16)))
          (core instance $i (instantiate $m (with "b" (instance (export "shout" (func $shout))))))
          (func (export "run") (param "s" string) (result string) (canon lift (core func $i "run") (memory $mem) (realloc $realloc))))
        """;
}
