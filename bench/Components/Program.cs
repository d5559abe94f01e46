using System.Globalization;
using Skiff.Bench.Components;
using Skiff.Components;
using Skiff.Components.Host;
using Skiff.Engine;

// usage: Skiff.Bench.Components [--rounds N] [--only nothing|text|bytes|method|guests|start] [--js COMPONENT]
var rounds = Option("--rounds") is { } count ? int.Parse(count, CultureInfo.InvariantCulture) : 15;
const int Live = 1000;
// As a server sets it up.
using var engine = new WasmEngine(new WasmEngineOptions { Pool = new PoolOptions(Live + 16) });
var calls = new Calls();

Console.WriteLine($"{Environment.ProcessorCount} processors, {RuntimeInformation()}, {rounds} rounds, medians (10 % to 90 %)");
Calling();
if (Wants("guests"))
{
    GuestToGuest();
}

if (!Wants("start"))
{
    return 0;
}

Starting("small component", Ours.Binary(CallsComponent.Text), new HostInterfaces().Add(CallsInterface.Definition, static state => state), peer: true);
if (Option("--js") is { } js)
{
    var binary = File.ReadAllBytes(js);
    Starting("JavaScript component", binary, Ours.Anything(Component.Parse(binary)), peer: false);
}

return 0;

void Calling()
{
    using var ours = new Ours(engine, Ours.Binary(CallsComponent.Text), new HostInterfaces().Add(CallsInterface.Definition, static state => state));
    using var instance = ours.Start(calls);
    using var peer = new Peer(CallsComponent.Text, calls).Start();
    foreach (var (title, name, loops, peerLoops, wanted) in new[]
    {
        ("host call, nothing", "nothing", 200_000u, 20_000u, 10.0),
        ("host call, string of 32 bytes", "text", 100_000u, 20_000u, 4),
        ("host call, list<u8> of 4 KiB", "bytes", 50_000u, 100u, 500),
        ("host call, resource method", "method", 200_000u, 10_000u, 20),
    })
    {
        if (!Wants(name))
        {
            continue;
        }

        var function = instance.FindFunction(null, name)!;
        var utf8 = System.Text.Encoding.UTF8.GetBytes(name);
        var pair = new Pair(title, "ns");
        Ours.Call(function, loops);
        peer.Call(utf8, peerLoops);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Ours.Call(function, loops);
        var allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)loops;
        for (var round = 0; round < rounds; round++)
        {
            pair.Add(
                Figures.Nanoseconds(() => Ours.Call(function, loops)) / loops,
                Figures.Nanoseconds(() => peer.Call(utf8, peerLoops)) / peerLoops);
        }

        pair.Print($"wanted {wanted}; {allocated:0.000} bytes allocated a call");
    }
}

void GuestToGuest()
{
    using var ours = new Ours(engine, Ours.Binary(CallsComponent.Composed), new HostInterfaces());
    using var instance = ours.Start(calls);
    using var peer = new Peer(CallsComponent.Composed, null).Start();
    foreach (var (title, name) in new[] { ("guest to guest, (u32, u32) -> u32", "add"), ("guest to guest, string of 32 bytes", "text"), ("guest to guest, list<u8> of 4 KiB", "bytes") })
    {
        const uint Loops = 20_000;
        var function = instance.FindFunction(null, name)!;
        var utf8 = System.Text.Encoding.UTF8.GetBytes(name);
        var pair = new Pair(title, "ns");
        Ours.Call(function, Loops);
        for (var round = 0; round < rounds; round++)
        {
            pair.Add(
                Figures.Nanoseconds(() => Ours.Call(function, Loops)) / Loops,
                Figures.Nanoseconds(() => peer.Call(utf8, Loops)) / Loops);
        }

        pair.Print("the peer fuses both guests' code");
    }
}

void Starting(string what, byte[] binary, HostInterfaces host, bool peer)
{
    using var ours = new Ours(engine, binary, host);
    var theirs = peer ? new Peer(CallsComponent.Text, calls) : null;
    var pair = new Pair($"instantiate and drop, {what}", "us");
    const int Loops = 500;
    for (var round = -1; round < rounds; round++)
    {
        var mine = Figures.Nanoseconds(() =>
        {
            for (var i = 0; i < Loops; i++)
            {
                ours.Start(calls).Dispose();
            }
        });
        var other = theirs is null ? 0 : Figures.Nanoseconds(() =>
        {
            for (var i = 0; i < Loops; i++)
            {
                theirs.Start().Dispose();
            }
        });
        if (round >= 0)
        {
            pair.Add(mine / Loops / 1000, other / Loops / 1000);
        }
    }

    var before = GC.GetAllocatedBytesForCurrentThread();
    ours.Start(calls).Dispose();
    var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
    pair.Print($"{allocated} managed bytes an instance");

    var live = new List<ComponentInstance>(Live);
    ours.Start(calls).Dispose();
    var resident = Figures.ResidentBytes();
    for (var i = 0; i < Live; i++)
    {
        live.Add(ours.Start(calls));
    }

    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"live idle instance, {what}: {(Figures.ResidentBytes() - resident) / 1024.0 / Live:0.0} KiB resident, of {Live}"));
    live.ForEach(instance => instance.Dispose());
}

bool Wants(string figure) => Option("--only") is not { } only || only == figure;

string? Option(string name)
{
    var at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}

static string RuntimeInformation() => System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription;
