namespace Skiff.Runner.Tests.Hosting;

/// <summary>Guests for a host, friendly and not.</summary>
internal static class HostingTexts
{
    /// <summary>Answers each request with 200 and a line.</summary>
    public static string Http => File.ReadAllText(Path.Combine(Repository, "samples", "text-http", "app.wat"));

    /// <summary>Writes 64 KiB to stdout that many times, retrying what is not taken at once.</summary>
    public static string Writes(int times) => $"""
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 4)
          (func (export "_start") (local $left i32) (local $times i32)
            (local.set $times (i32.const {times}))
            (loop $next
              (local.set $left (i32.const 65536))
              (loop $rest
                (i32.store (i32.const 0) (i32.const 65536))
                (i32.store (i32.const 4) (local.get $left))
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
                (local.set $left (i32.sub (local.get $left) (i32.load (i32.const 8))))
                (br_if $rest (local.get $left)))
              (local.set $times (i32.sub (local.get $times) (i32.const 1)))
              (br_if $next (local.get $times)))))
        """;

    /// <summary>Takes memory, a MiB at a time, until it is given none, and exits with how many it has.</summary>
    public const string Grows = """
        (module
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (func (export "_start")
            (loop $more
              (br_if $more (i32.and
                (i32.ne (memory.grow (i32.const 16)) (i32.const -1))
                (i32.lt_u (memory.size) (i32.const 3200)))))
            (call $exit (i32.shr_u (memory.size) (i32.const 4)))))
        """;

    /// <summary>Wants 64 MiB from the start.</summary>
    public const string Large = """(module (memory (export "memory") 1024) (func (export "_start")))""";

    public const string Overflows = """(module (memory (export "memory") 1) (func $f (param i64 i64 i64 i64) (call $f (local.get 3) (local.get 0) (local.get 1) (local.get 2)) (drop (memory.size))) (func (export "_start") (call $f (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4))))""";

    /// <summary>Out-of-bounds pointers and descriptors that are none, in calls that read, write and wait.</summary>
    public const string Lies = """
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
          (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (func (export "_start") (local $i i32)
            (loop $again
              (drop (call $write (local.get $i) (i32.const -8) (i32.const 1) (i32.const 0)))
              (drop (call $read (local.get $i) (i32.const 0) (i32.const -1) (i32.const -1)))
              (drop (call $poll (i32.const -4) (i32.const -4) (i32.const -1) (i32.const 0)))
              (drop (call $random (i32.const 1) (i32.const -1)))
              (drop (call $open (local.get $i) (i32.const 1) (i32.const -1) (i32.const -2) (i32.const 1) (i64.const -1) (i64.const -1) (i32.const 1) (i32.const -1)))
              (drop (call $close (local.get $i)))
              (drop (call $close (local.get $i)))
              (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2000))))))
        """;

    /// <summary>Opens the file "f" of its first directory so many times, and never closes it; exits with 3 when there is no file.</summary>
    /// <param name="sleeps">Whether it waits an hour then.</param>
    public static string Opens(int times, bool sleeps = false) => $"""
        (module
          (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "f")
          (func (export "_start") (local $i i32)
            (if (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16))
              (then (call $exit (i32.const 3))))
            (loop $again
              (drop (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16)))
              (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {times - 1}))))
            (i32.store (i32.const 16) (i32.const 1))
            (i64.store (i32.const 24) (i64.const 3600000000000))
            (if (i32.const {(sleeps ? 1 : 0)}) (then (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))))
        """;

    /// <summary>Waits for three times at once, the first of which is over, and exits with the error number of the third.</summary>
    public const string Waits = """
        (module
          (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (func (export "_start")
            (i32.store (i32.const 16) (i32.const 1))
            (i32.store (i32.const 64) (i32.const 1))
            (i64.store (i32.const 72) (i64.const 3600000000000))
            (i32.store (i32.const 112) (i32.const 1))
            (i64.store (i32.const 120) (i64.const 3600000000000))
            (drop (call $poll (i32.const 0) (i32.const 256) (i32.const 3) (i32.const 512)))
            ;; The last of those that are ready.
            (call $exit (i32.load16_u (i32.add (i32.const 232) (i32.mul (i32.load (i32.const 512)) (i32.const 32)))))))
        """;

    /// <summary>A component that drops a resource of its own, whose destructor traps.</summary>
    public const string TrapsInDestructor = """
        (component
          (core module $destructor (func (export "drop") (param i32) unreachable))
          (core instance $destructor (instantiate $destructor))
          (type $thing (resource (rep i32) (dtor (core func $destructor "drop"))))
          (core func $new (canon resource.new $thing))
          (core func $drop (canon resource.drop $thing))
          (core module $main
            (import "" "new" (func $new (param i32) (result i32)))
            (import "" "drop" (func $drop (param i32)))
            (func (export "run") (result i32)
              (drop (call $new (i32.const 1)))
              (call $drop (call $new (i32.const 2)))
              (i32.const 0)))
          (core instance $main (instantiate $main (with "" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
          (func $run (result (result)) (canon lift (core func $main "run")))
          (instance $command (export "run" (func $run)))
          (export "wasi:cli/run@0.2.3" (instance $command)))
        """;

    /// <summary>Calls one function of Preview 1 again and again, with small numbers that mean something to some.</summary>
    public static string Calls(string function, string parameters)
    {
        var types = string.Join(' ', parameters.Select(letter => letter == 'I' ? "i64" : "i32"));
        var arguments = string.Join(' ', parameters.Select((letter, index) => letter == 'I' ? "(i64.const 1)" : $"(i32.const {index switch { 0 => Least(function), 1 => 64, 2 => 1, _ => 1024 }})"));
        return $"""
            (module
              (import "wasi_snapshot_preview1" "{function}" (func $f (param {types}) (result i32)))
              (memory (export "memory") 2)
              (data (i32.const 64) "\00\01\00\00\40\00\00\00")
              (func (export "_start") (loop $again (drop (call $f {arguments})) (br $again))))
            """;

        // The first argument is a descriptor, but of few.
        static int Least(string function) => function switch { "fd_read" => 0, "fd_write" => 1, "poll_oneoff" => 128, _ => 3 };
    }

    /// <summary>Makes the file "made" in its first directory; exits with the error number.</summary>
    public const string Makes = """
        (module
          (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "made")
          (func (export "_start")
            (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 16)))))
        """;

    private static string Repository
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Skiff.slnx")))
            {
                folder = folder.Parent!;
            }

            return folder.FullName;
        }
    }
}
