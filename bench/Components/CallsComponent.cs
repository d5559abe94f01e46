namespace Skiff.Bench.Components;

/// <summary>The guest: loops over calls of a host interface, shaped as wit-component shapes its output (shim, main, fixup).</summary>
internal static class CallsComponent
{
    public const string Text = """
        (component
          (import "bench:host/calls@0.1.0" (instance $s
            (export "counter" (type $counter (sub resource)))
            (export "nothing" (func))
            (export "text" (func (param "t" string)))
            (export "bytes" (func (param "b" (list u8))))
            (export "open" (func (result (own $counter))))
            (export "[method]counter.add" (func (param "self" (borrow $counter)) (param "n" u32) (result u32)))))
          (alias export $s "counter" (type $counter))
          (core module $shim
            (table (export "$imports") 2 2 funcref)
            (func (export "0") (param i32 i32) local.get 0 local.get 1 i32.const 0 call_indirect (param i32 i32))
            (func (export "1") (param i32 i32) local.get 0 local.get 1 i32.const 1 call_indirect (param i32 i32)))
          (core module $fixup
            (import "" "0" (func (param i32 i32)))
            (import "" "1" (func (param i32 i32)))
            (import "" "$imports" (table 2 2 funcref))
            (elem (i32.const 0) func 0 1))
          (core module $main
            (import "s" "nothing" (func $nothing))
            (import "s" "text" (func $text (param i32 i32)))
            (import "s" "bytes" (func $bytes (param i32 i32)))
            (import "s" "open" (func $open (result i32)))
            (import "s" "add" (func $add (param i32 i32) (result i32)))
            (memory (export "memory") 2)
            (data (i32.const 1024) "thirty-two bytes of plain ASCII.")
            (func (export "empty") (param i32)
              (loop (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0))))
            (func (export "nothing") (param i32)
              (loop (call $nothing) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0))))
            (func (export "text") (param i32)
              (loop (call $text (i32.const 1024) (i32.const 32)) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0))))
            (func (export "bytes") (param i32)
              (loop (call $bytes (i32.const 1024) (i32.const 4096)) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0))))
            (func (export "method") (param i32)
              (local i32)
              (local.set 1 (call $open))
              (loop
                (drop (call $add (local.get 1) (i32.const 1)))
                (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0)))))
          (core instance $shim (instantiate $shim))
          (alias core export $shim "0" (core func $shim0))
          (alias core export $shim "1" (core func $shim1))
          (core func $nothing (canon lower (func $s "nothing")))
          (core func $open (canon lower (func $s "open")))
          (core func $add (canon lower (func $s "[method]counter.add")))
          (core instance $i (instantiate $main (with "s" (instance
            (export "nothing" (func $nothing)) (export "text" (func $shim0)) (export "bytes" (func $shim1))
            (export "open" (func $open)) (export "add" (func $add))))))
          (alias core export $i "memory" (core memory $mem))
          (alias core export $shim "$imports" (core table $table))
          (core func $text (canon lower (func $s "text") (memory $mem)))
          (core func $bytes (canon lower (func $s "bytes") (memory $mem)))
          (core instance (instantiate $fixup (with "" (instance (export "$imports" (table $table))
            (export "0" (func $text)) (export "1" (func $bytes))))))
          (func (export "empty") (param "n" u32) (canon lift (core func $i "empty")))
          (func (export "nothing") (param "n" u32) (canon lift (core func $i "nothing")))
          (func (export "text") (param "n" u32) (canon lift (core func $i "text")))
          (func (export "bytes") (param "n" u32) (canon lift (core func $i "bytes")))
          (func (export "method") (param "n" u32) (canon lift (core func $i "method"))))
        """;

    /// <summary>One guest that calls another: add, a string of 32 bytes, a list of 4 KiB.</summary>
    public const string Composed = """
        (component
          (component $B
            (core module $m
              (memory (export "memory") 1)
              (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
              (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
              (func (export "take") (param i32 i32)))
            (core instance $i (instantiate $m))
            (alias core export $i "memory" (core memory $mem))
            (alias core export $i "realloc" (core func $realloc))
            (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
            (func (export "text") (param "t" string) (canon lift (core func $i "take") (memory $mem) (realloc $realloc)))
            (func (export "bytes") (param "b" (list u8)) (canon lift (core func $i "take") (memory $mem) (realloc $realloc))))
          (component $A
            (import "b" (instance $b
              (export "add" (func (param "a" u32) (param "b" u32) (result u32)))
              (export "text" (func (param "t" string)))
              (export "bytes" (func (param "b" (list u8))))))
            (core module $libc (memory (export "memory") 1))
            (core instance $libc (instantiate $libc))
            (alias core export $libc "memory" (core memory $mem))
            (core func $add (canon lower (func $b "add")))
            (core func $text (canon lower (func $b "text") (memory $mem)))
            (core func $bytes (canon lower (func $b "bytes") (memory $mem)))
            (core module $m
              (import "b" "add" (func $add (param i32 i32) (result i32)))
              (import "b" "text" (func $text (param i32 i32)))
              (import "b" "bytes" (func $bytes (param i32 i32)))
              (func (export "add") (param i32)
                (loop (drop (call $add (i32.const 1) (i32.const 2))) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0))))
              (func (export "text") (param i32)
                (loop (call $text (i32.const 1024) (i32.const 32)) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0))))
              (func (export "bytes") (param i32)
                (loop (call $bytes (i32.const 1024) (i32.const 4096)) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0)))))
            (core instance $i (instantiate $m (with "b" (instance
              (export "add" (func $add)) (export "text" (func $text)) (export "bytes" (func $bytes))))))
            (func (export "add") (param "n" u32) (canon lift (core func $i "add")))
            (func (export "text") (param "n" u32) (canon lift (core func $i "text")))
            (func (export "bytes") (param "n" u32) (canon lift (core func $i "bytes"))))
          (instance $b (instantiate $B))
          (instance $a (instantiate $A (with "b" (instance $b))))
          (export "add" (func $a "add"))
          (export "text" (func $a "text"))
          (export "bytes" (func $a "bytes")))
        """;
}
