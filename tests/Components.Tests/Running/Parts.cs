namespace Skiff.Components.Tests.Running;

/// <summary>Pieces of component text that many guests share.</summary>
internal static class Parts
{
    /// <summary>A memory, and a realloc that never frees but does keep alignment; "realloc-calls" counts. Grows the memory when it must.</summary>
    public const string Libc = """
        (core module $libc
          (memory (export "memory") 1)
          (global $next (mut i32) (i32.const 4096))
          (global $calls (mut i32) (i32.const 0))
          (func (export "realloc-calls") (result i32) (global.get $calls))
          (func (export "realloc") (param $old i32) (param $size i32) (param $align i32) (param $new i32) (result i32)
            (local $at i32)
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (local.set $at (i32.and
              (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
              (i32.sub (i32.const 0) (local.get $align))))
            (global.set $next (i32.add (local.get $at) (local.get $new)))
            (block $fits (loop $grow
              (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
              (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then unreachable))
              (br $grow)))
            (memory.copy (local.get $at) (local.get $old)
              (select (local.get $size) (local.get $new) (i32.lt_u (local.get $size) (local.get $new))))
            (local.get $at)))
        """;

    public const string StreamsImport = """
        (import "test:io/streams@0.2.0" (instance $s
          (export "stream" (type $stream (sub resource)))
          (export "fault" (type $fault (sub resource)))
          (type $e0 (variant (case "last-operation-failed" (own $fault)) (case "closed")))
          (export "stream-error" (type $error (eq $e0)))
          (export "nothing" (func))
          (export "text" (func (param "t" string) (result u32)))
          (export "open" (func (param "name" string) (result (own $stream))))
          (export "[method]stream.check-write" (func (param "self" (borrow $stream)) (result (result u64 (error $error)))))
          (export "[method]stream.count" (func (param "self" (borrow $stream)) (result u32)))
          (export "[method]stream.write" (func (param "self" (borrow $stream)) (param "contents" (list u8)) (result (result (error $error)))))
          (export "[method]stream.read" (func (param "self" (borrow $stream)) (param "len" u64) (result (result (list u8) (error $error)))))
          (export "join" (func (param "one" (borrow $stream)) (param "other" (own $stream))))
        ))
        (alias export $s "stream" (type $stream))
        (alias export $s "fault" (type $fault))
        """;
}
