namespace Skiff.Engine.Tests;

/// <summary>What one store may take.</summary>
public sealed class LimitTests : IDisposable
{
    private const int Page = 1 << 16;

    private const string Growing = """
        (module (memory (export "memory") 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
        """;

    private readonly WasmEngine _engine = new();

    public void Dispose() => _engine.Dispose();

    [Fact]
    public void The_only_memory_of_a_store_may_take_all()
    {
        using var guest = new TestModule(_engine, Growing, new StoreLimits { MemoryBytes = 10 * Page });
        Assert.Equal(1, Grow(guest.Instance, 9));
        Assert.Equal(-1, Grow(guest.Instance, 1));
    }

    [Fact]
    public void Memories_of_one_store_never_take_more_than_its_limit_together()
    {
        using var module = TestModule.Load(_engine, Growing);
        using var linker = new ModuleLinker(_engine);
        using var linked = linker.Link(module);
        using var store = new WasmStore(_engine, new StoreLimits { MemoryBytes = 20 * Page });
        var instances = new List<ModuleInstance>();
        var random = new Random(5);
        while (linked.Instantiate(store, out _) is { } made)
        {
            instances.Add(made);
            for (var i = 0; i < 5; i++)
            {
                Grow(instances[random.Next(instances.Count)], random.Next(5));
            }

            Assert.InRange(instances.Sum(instance => (long)instance.FindMemory("memory")!.Value.Length), 0, 20 * Page);
        }

        Assert.InRange(instances.Count, 2, 20);
        Assert.Contains("memor", store.End!.Trap!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_memory_that_is_not_exported_counts()
    {
        using var store = new WasmStore(_engine, new StoreLimits { MemoryBytes = 10 * Page });
        using var linker = new ModuleLinker(_engine);
        using var hidden = TestModule.Load(_engine, Growing.Replace("(export \"memory\")", "", StringComparison.Ordinal));
        using var open = TestModule.Load(_engine, Growing);
        using var first = linker.Link(hidden);
        using var second = linker.Link(open);
        var one = first.Instantiate(store, out var end);
        Assert.Null(end);
        Assert.Equal(1, Grow(one!, 9));
        Assert.Null(second.Instantiate(store, out end));
        Assert.Contains("memor", end!.Trap!.Message, StringComparison.Ordinal);

        using var both = new WasmStore(_engine, new StoreLimits { MemoryBytes = 10 * Page });
        var visible = second.Instantiate(both, out _)!;
        var secret = first.Instantiate(both, out _)!;
        Assert.Equal(-1, Grow(secret, 5));
        Assert.Equal(1, Grow(secret, 4));
        Assert.Equal(-1, Grow(visible, 5));
        Assert.Equal(1, Grow(visible, 4));
    }

    [Fact]
    public void A_memory_that_is_imported_and_exported_again_counts_once()
    {
        using var store = new WasmStore(_engine, new StoreLimits { MemoryBytes = 10 * Page });
        using var linker = new ModuleLinker(_engine);
        using var owner = TestModule.Load(_engine, Growing);
        using var linked = linker.Link(owner);
        using var user = TestModule.Load(_engine, """(module (import "a" "memory" (memory 1)) (export "memory" (memory 0)))""");
        var one = linked.Instantiate(store, out _)!;
        var two = ModuleInstance.Instantiate(store, user, [one.Find("memory"u8)!.Value], out _)!;
        Assert.Equal(one.FindMemory("memory"), two.FindMemory("memory"));
        Assert.Equal(1, Grow(one, 9));
    }

    [Theory]
    [InlineData("(module (table 1000 funcref) (table 1000 funcref) (table 1000 funcref))")]
    [InlineData("(module (table 100000 funcref))")]
    public void Tables_are_bounded(string text)
    {
        using var module = TestModule.Load(_engine, text);
        using var store = new WasmStore(_engine, new StoreLimits { Tables = 2, TableElements = 2000 });
        using var linker = new ModuleLinker(_engine);
        using var linked = linker.Link(module);
        Assert.Null(linked.Instantiate(store, out var end));
        Assert.Contains("table", end!.Trap!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Instances_are_bounded()
    {
        using var module = TestModule.Load(_engine, "(module)");
        using var store = new WasmStore(_engine, new StoreLimits { Instances = 3 });
        using var linker = new ModuleLinker(_engine);
        using var linked = linker.Link(module);
        for (var i = 0; i < 3; i++)
        {
            Assert.NotNull(linked.Instantiate(store, out _));
        }

        Assert.Null(linked.Instantiate(store, out var end));
        Assert.Contains("instance", end!.Trap!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shared_memory_which_no_limit_holds_for_is_refused()
    {
        using var module = TestModule.Load(_engine, "(module (memory 1 2 shared))");
        using var store = new WasmStore(_engine);
        using var linker = new ModuleLinker(_engine);
        using var linked = linker.Link(module);
        Assert.Null(linked.Instantiate(store, out var end));
        Assert.Contains("shared memor", end!.Trap!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Objects_of_the_guests_collector_are_bounded_too()
    {
        using var guest = new TestModule(
            _engine,
            """
            (module (type $a (array (mut i64)))
              (func (export "run") (param i32) (result i32) (array.len (array.new $a (i64.const 1) (local.get 0)))))
            """,
            new StoreLimits { MemoryBytes = 10 * Page });
        Assert.Null(guest.Call("run", [1000], out var length));
        Assert.Equal(1000, length.I32);
        Assert.NotNull(guest.Call("run", 10_000_000)!.Trap);
    }

    [Fact]
    public async Task A_pool_serves_guests_on_fibers_and_forgets_them()
    {
        using var engine = new WasmEngine(new WasmEngineOptions { Pool = new PoolOptions(Guests: 20) });
        using var module = TestModule.Load(engine, """
            (module (import "host" "wait" (func $wait)) (memory (export "memory") 1)
              (func (export "run") (result i32) (i32.load (i32.const 8)) (i32.store (i32.const 8) (i32.const 77)) (call $wait)))
            """);
        using var linker = new ModuleLinker(engine, fibers: true);
        linker.DefineFunction("host", "wait", FunctionType.Empty, static (ref HostCall call) =>
            call.Await(new ValueTask<bool>(Task.Delay(10).ContinueWith(_ => true)), static (ref HostCall _, bool _) => GC.Collect()), suspends: true);
        using var linked = linker.Link(module);
        for (var round = 0; round < 10; round++)
        {
            var left = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(async () =>
            {
                using var store = new WasmStore(engine, new StoreLimits { MemoryBytes = 4 * Page });
                var made = await linked.InstantiateAsync(store);
                Assert.Null(made.End);
                var values = new RawValue[1];
                Assert.Null(await made.Instance!.FindFunction("run")!.CallAsync(values));
                return values[0].I32;
            })));
            Assert.All(left, value => Assert.Equal(0, value));
        }
    }

    private static int Grow(ModuleInstance instance, int pages)
    {
        RawValue[] values = [pages];
        Assert.Null(instance.FindFunction("grow")!.Call(values));
        return values[0].I32;
    }
}
