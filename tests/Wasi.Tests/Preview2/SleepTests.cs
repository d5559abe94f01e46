using System.Diagnostics;
using Skiff.Components;
using Skiff.Components.Host;
using Skiff.Components.Linking;
using Skiff.Components.Runtime;
using Skiff.Engine;
using Skiff.Linux.Files;
using Skiff.Wasi.Preview2;
using Skiff.Wasi.Streams;
using Skiff.Wasi.Tests.Preview1;
using ComponentInstance = Skiff.Components.Runtime.ComponentInstance;

namespace Skiff.Wasi.Tests.Preview2;

/// <summary>Programs of Preview 1 behind wit-component's adapter: asleep they hold no thread, and end when they are told to.</summary>
public sealed class SleepTests(ITestOutputHelper output) : IDisposable
{
    private const int Guests = 200;

    private readonly WasmEngine _engine = new();
    private readonly ReadinessLoop _readiness = new();
    private readonly List<CompiledModule> _modules = [];

    public void Dispose()
    {
        _modules.ForEach(module => module.Dispose());
        _engine.Dispose();
        _readiness.Dispose();
    }

    [Theory]
    [InlineData("toolbox-p2.wasm", true)]
    [InlineData("toolbox-p2.wasm", false)]
    public async Task Hundreds_of_adapted_guests_sleep_on_few_threads_and_are_killed_at_once(string program, bool elide)
    {
        var host = new HostInterfaces();
        WasiPreview2.Define(host, state => (WasiState)state);
        var plan = Component.Parse(CoreGuest.Program(program), new LinkOptions(elide));
        Assert.Equal(elide, plan.IsElided);
        using var linked = new LinkedComponent(_engine, plan, host, Load, fibers: true);
        var before = Process.GetCurrentProcess().Threads.Count;
        var sleepers = Enumerable.Range(0, Guests).Select(_ => new Sleeper(linked, _readiness)).ToArray();
        try
        {
            // On this thread: a guest that held it would let nobody after it begin.
            var calls = sleepers.Select(sleeper => sleeper.RunAsync()).ToArray();
            var deadline = Stopwatch.StartNew();
            while (sleepers.Any(sleeper => !sleeper.IsAsleep) && deadline.Elapsed < TimeSpan.FromSeconds(30))
            {
                await Task.Delay(10);
            }

            Assert.All(sleepers, sleeper => Assert.True(sleeper.IsAsleep));
            Assert.All(calls, call => Assert.False(call.IsCompleted));
            var threads = Process.GetCurrentProcess().Threads.Count;
            var latencies = new List<double>();
            for (var i = 0; i < Guests; i++)
            {
                var clock = Stopwatch.StartNew();
                sleepers[i].Instance.Store.Stop("enough");
                var outcome = await calls[i];
                latencies.Add(clock.Elapsed.TotalMilliseconds);
                Assert.Equal("enough", outcome.End!.Trap!.Message);
            }

            latencies.Sort();
            output.WriteLine($"{before} threads before, {threads} asleep; ended after {latencies[Guests / 2]:F2} ms (median), {latencies[^1]:F2} ms at most");
            Assert.InRange(threads, 0, before + (Guests / 4));
            Assert.InRange(latencies[Guests / 2], 0, 10);
        }
        finally
        {
            foreach (var sleeper in sleepers)
            {
                sleeper.Dispose();
            }
        }
    }

    private CompiledModule Load(CoreModule module)
    {
        using var code = _engine.Compile(module.Bytes.Span);
        var compiled = CompiledModule.Load(_engine, code.Bytes);
        _modules.Add(compiled);
        return compiled;
    }

    private sealed class Sleeper : IDisposable
    {
        private readonly MemoryOutputStream _output = new(1 << 10);
        private readonly WasiState _state;

        public Sleeper(LinkedComponent linked, ReadinessLoop readiness)
        {
            var context = new WasiContext
            {
                Arguments = ["toolbox", "sleep", "3600"],
                Stdio = new StandardStreams(new ClosedInputStream(), _output, new MemoryOutputStream(1 << 10)),
            };
            _state = new WasiState(context, new WasiHost(TimeProvider.System, readiness));
            Instance = new ComponentInstance(linked, _state);
        }

        public ComponentInstance Instance { get; }

        public bool IsAsleep => _output.ToArray().AsSpan().SequenceEqual("sleeping\n"u8);

        public Task<CallOutcome> RunAsync() => ComponentGuest.RunAsync(Instance);

        public void Dispose()
        {
            Instance.Dispose();
            _state.Dispose();
        }
    }
}
