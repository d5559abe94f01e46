using System.Text;
using Skiff.Components;
using Skiff.Components.Abi;
using Skiff.Components.Host;
using Skiff.Components.Runtime;
using Skiff.Engine;
using Skiff.Http.Serving;
using Skiff.Http.Tests.Doubles;
using Skiff.Linux;

namespace Skiff.Http.Tests.Serving;

/// <summary>What each instance of a guest writes to is given to the next ones beforehand.</summary>
public sealed class WorkingSetTests : IDisposable
{
    /// <summary>Writes to every second page of 4 KiB from the third on, as many as it is told.</summary>
    private const string Writer = """
        (component
          (core module $m
            (memory (export "memory") 4)
            (data (i32.const 0) "read only")
            (func (export "run") (param $pages i32)
              (local $at i32)
              (local.set $at (i32.const 8192))
              (loop $again
                (i32.store (local.get $at) (i32.const 7))
                (local.set $at (i32.add (local.get $at) (i32.const 8192)))
                (br_if $again (local.tee $pages (i32.sub (local.get $pages) (i32.const 1)))))))
          (core instance $i (instantiate $m))
          (func (export "run") (param "pages" u32) (canon lift (core func $i "run"))))
        """;

    private readonly LinkedComponent _component = new(
        Guests.Engine, Component.Parse(WasmEngine.FromText(Encoding.UTF8.GetBytes(Writer))), new HostInterfaces(), Guests.Compile, fibers: false);

    private readonly WorkingSet _set = new();

    public void Dispose() => _component.Dispose();

    [Fact]
    public void What_all_have_written_to_a_fresh_one_has_before_it_runs()
    {
        foreach (var pages in (uint[])[20, 12, 30, 12])
        {
            Assert.Equal(0, _set.Pages);
            using var instance = Made();
            Run(instance, pages);
            _set.Learn(instance);
        }

        Assert.Equal(12, _set.Pages);
        using var fresh = Made();
        Assert.DoesNotContain(2, Written(fresh));
        _set.Prepare(fresh);
        Assert.Superset(Enumerable.Range(1, 12).Select(number => number * 2).ToHashSet(), Written(fresh));
        Assert.Equal("read only", Encoding.UTF8.GetString(Memory(fresh)[..9]));
        Run(fresh, 31);
    }

    [Fact]
    public void Few_pages_are_left_to_their_faults()
    {
        for (var i = 0; i < 5; i++)
        {
            using var instance = Made();
            Run(instance, 3);
            _set.Learn(instance);
        }

        Assert.Equal(0, _set.Pages);
    }

    [Fact]
    public async Task A_guest_that_grows_answers_as_before()
    {
        await using var site = await GuestSite.StartAsync("http.wasm");
        for (var i = 0; i < 8; i++)
        {
            Assert.Equal("touched 1 MB\n", (await site.Curl("/memory/1")).Output);
        }

        Assert.Equal("Hello, world!", (await site.Curl("/")).Output);
    }

    private ComponentInstance Made()
    {
        var instance = new ComponentInstance(_component, this);
        Assert.Null(instance.Instantiate());
        return instance;
    }

    private static void Run(ComponentInstance instance, uint pages) =>
        Assert.Null(instance.FindFunction(null, "run")!.Call([ComponentValue.U32(pages)]).End);

    private static Span<byte> Memory(ComponentInstance instance) =>
        instance.Core(instance.Linked.Plan.CoreInstances[0])!.FindMemory("memory")!.Value.Whole(out _);

    private static HashSet<int> Written(ComponentInstance instance) => [.. WrittenPages.TryFind(Memory(instance))!];
}
