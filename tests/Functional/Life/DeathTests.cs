using Grpc.Core;
using Skiff.Harness;

namespace Skiff.Functional.Life;

/// <summary>A server that dies, or that nobody uses, leaves nothing.</summary>
public sealed class DeathTests(Nodes nodes) : NodeTest(nodes)
{
    [Theory, OnContainerd]
    public async Task A_killed_server_ends_its_container_with_137_and_leaves_nothing(string version)
    {
        var node = await NodeAsync(version);
        await using var events = await EventLog.StartAsync(node);
        await using var task = await TestTask.StartAsync(node, ["/loop.wat"]);
        var server = ServerOf(task);

        Signals.Send(server, Signals.Kill);

        await events.HoldsAsync(task.Id, "/tasks/exit");
        Assert.Equal(137u, events.Of(task.Id).First(entry => entry.Topic == "/tasks/exit").ExitStatus);
        await Leaks.RequireNoneAsync(node);
    }

    [Theory, OnContainerd]
    public async Task Twenty_killed_servers_leave_nothing(string version)
    {
        var node = await NodeAsync(version);
        var tasks = new List<TestTask>();
        try
        {
            for (var i = 0; i < 20; i++)
            {
                tasks.Add(await TestTask.StartAsync(node, ["/toolbox.wasm", "sleep", "3600"], "sleeping"));
            }

            foreach (var server in tasks.Select(ServerOf).ToList())
            {
                Signals.Send(server, Signals.Kill);
            }

            await Leaks.RequireNoneAsync(node);
        }
        finally
        {
            foreach (var task in tasks)
            {
                await task.DisposeAsync();
            }
        }
    }

    [Theory, OnContainerd]
    public async Task A_storm_of_deletes_leaves_nothing(string version)
    {
        const int Count = 100;
        var node = await NodeAsync(version);
        var tasks = new List<TestTask>();
        try
        {
            for (var i = 0; i < Count; i++)
            {
                var task = await TestTask.StartAsync(node, ["/exit42.wat"]);
                tasks.Add(task);
            }

            Assert.All(await Task.WhenAll(tasks.Select(task => task.WaitAsync())), code => Assert.Equal(42u, code));
            await Task.WhenAll(tasks.Select(task => task.DeleteAsync()));

            await Leaks.RequireNoneAsync(node);
        }
        finally
        {
            foreach (var task in tasks)
            {
                await task.DisposeAsync();
            }
        }
    }

    [Theory, OnContainerd]
    public async Task A_failed_create_leaves_nothing(string version)
    {
        var node = await NodeAsync(version);

        var error = await Assert.ThrowsAsync<RpcException>(() => TestTask.CreateAsync(node, ["/missing.wasm"]));

        Assert.Contains("missing.wasm", error.Status.Detail, StringComparison.Ordinal);
        await Leaks.RequireNoneAsync(node);
    }

    private static int ServerOf(TestTask task)
    {
        var address = File.ReadAllText(Path.Combine(task.Bundle, "address")).Trim();
        return Leaks.Pids(task.Node).First(pid => UnixSockets.OpenIn(pid).Contains(address["unix://".Length..]));
    }
}
