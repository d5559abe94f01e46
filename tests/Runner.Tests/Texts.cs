namespace Skiff.Runner.Tests;

/// <summary>Small guests as text.</summary>
internal static class Texts
{
    public const string Hello = """
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 16) "hello\n")
          (func (export "_start")
            (i32.store (i32.const 0) (i32.const 16))
            (i32.store (i32.const 4) (i32.const 6))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
        """;

    public const string Trap = """(module (func $inner unreachable) (func (export "_start") (call $inner)))""";

    public const string Loop = """(module (func (export "_start") (loop (br 0))))""";

    /// <summary>poll_oneoff with one relative clock subscription of an hour.</summary>
    public const string Sleep = """
        (module
          (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (func (export "_start")
            (i32.store (i32.const 16) (i32.const 1))
            (i64.store (i32.const 24) (i64.const 3600000000000))
            (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))
        """;

    public const string Add = """
        (module
          (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
          (func (export "none")))
        """;

    public const string Reactor = """
        (module
          (global $ready (mut i32) (i32.const 0))
          (func (export "_initialize") (global.set $ready (i32.const 1)))
          (func (export "ready") (result i32) (global.get $ready)))
        """;

    public const string Component = """
        (component
          (core module $m
            (func (export "ok") (result i32) (i32.const 0))
            (func (export "fail") (result i32) (i32.const 1))
            (func (export "number") (result i32) (i32.const 7)))
          (core instance $i (instantiate $m))
          (func $run (result (result)) (canon lift (core func $i "fail")))
          (instance $command (export "run" (func $run)))
          (export "wasi:cli/run@0.2.3" (instance $command))
          (func (export "number") (result u8) (canon lift (core func $i "number"))))
        """;

    public const string Values = """
        (component
          (core module $m
            (memory (export "memory") 1)
            (global $next (mut i32) (i32.const 1024))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32)
              (global.get $next)
              (global.set $next (i32.add (global.get $next) (i32.const 64))))
            (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
            (func (export "length") (param i32 i32) (result i32) (local.get 1))
            (func (export "pick") (param i32 i32 i32 i32) (result i32)
              (i32.store8 (i32.const 0) (i32.eqz (local.get 3)))
              (i32.store8 (i32.const 1) (select (local.get 0) (i32.const 0) (local.get 3)))
              (i32.const 0)))
          (core instance $i (instantiate $m))
          (alias core export $i "memory" (core memory $memory))
          (alias core export $i "realloc" (core func $realloc))
          (type $pair (record (field "first" u8) (field "second" (option u8))))
          (type $why (enum "no" "never"))
          (func (export "length") (param "text" string) (result u32)
            (canon lift (core func $i "length") (memory $memory) (realloc $realloc)))
          (func (export "pick") (param "pair" $pair) (param "first" bool) (result (result u8 (error $why)))
            (canon lift (core func $i "pick") (memory $memory)))
          (func $add (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
          (instance $math (export "add" (func $add)))
          (export "a:b/math@1.2.0" (instance $math)))
        """;

    /// <summary>A command and a handler, the latter in name only.</summary>
    public const string Both = """
        (component
          (core module $m (func (export "ok") (result i32) (i32.const 0)) (func (export "handle")))
          (core instance $i (instantiate $m))
          (func $run (result (result)) (canon lift (core func $i "ok")))
          (func $handle (canon lift (core func $i "handle")))
          (instance $command (export "run" (func $run)))
          (instance $handler (export "handle" (func $handle)))
          (export "wasi:cli/run@0.2.3" (instance $command))
          (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))
        """;

    /// <summary>Exports a handler and no command.</summary>
    public const string Handler = """
        (component
          (core module $m (func (export "handle")))
          (core instance $i (instantiate $m))
          (func $handle (canon lift (core func $i "handle")))
          (instance $handler (export "handle" (func $handle)))
          (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))
        """;

    /// <summary>Two resource types: one exported by the root and again by an instance, one by an instance.</summary>
    public const string Things = """
        (component
          (core module $m (func (export "make") (result i32) (i32.const 0)) (func (export "use") (param i32)) (func (export "is") (param i32) (result i32) (i32.const 1)))
          (core instance $i (instantiate $m))
          (type $thing (resource (rep i32)))
          (export $exported "thing" (type $thing))
          (func (export "make") (result (own $exported)) (canon lift (core func $i "make")))
          (func $use (param "it" (borrow $exported)) (canon lift (core func $i "use")))
          (instance $users (export "thing" (type $exported)) (export "use" (func $use)))
          (export "a:b/users" (instance $users))
          (type $other (resource (rep i32)))
          (func $is (param "self" (borrow $other)) (result bool) (canon lift (core func $i "is")))
          (component $c
            (import "other" (type $t (sub resource)))
            (import "is" (func $f (param "self" (borrow $t)) (result bool)))
            (export $e "other" (type $t))
            (export "[method]other.is" (func $f) (func (param "self" (borrow $e)) (result bool))))
          (instance $others (instantiate $c (with "other" (type $other)) (with "is" (func $is))))
          (export "a:b/others" (instance $others)))
        """;

    public static string Exit(int code) => $"""
        (module
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (func (export "_start") (call $exit (i32.const {code}))))
        """;
}
