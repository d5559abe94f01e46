using Skiff.Shim.Bootstrap;
using Skiff.Shim.Stdio;
using Skiff.Shim.Tasks;
using Skiff.Testing;

namespace Skiff.Shim.Tests.Doubles;

/// <summary>A task service with everything around it in memory.</summary>
internal sealed class TestTasks
{
    public TestTasks()
    {
        Sandbox = new FakeSandbox(Time);
        Log = new ShimLog(Time, line =>
        {
            lock (LogLines)
            {
                LogLines.Add(line);
            }
        });
        Service = new TaskService("test", Sandbox, Stdio, Events, Time, Log, "/run/containerd/containerd.sock");
    }

    public ManualTime Time { get; } = new();

    public FakeSandbox Sandbox { get; }

    public FakeStdioOpener Stdio { get; } = new();

    public RecordedEvents Events { get; } = new();

    public List<string> LogLines { get; } = [];

    public ShimLog Log { get; }

    public TaskService Service { get; }

    public FakeGuest Guest => Sandbox.Guests[^1];

    public Task<int> CreateAsync(string id = "c", bool terminal = false) => Service.CreateAsync(
        new TaskCreation(id, "/bundle/" + id, [], new StdioAddresses("", "", "", terminal), ShimOptions.Default), CancellationToken.None);

    public async Task<FakeGuest> RunAsync(string id = "c")
    {
        await CreateAsync(id);
        await Service.StartAsync(id, "");
        return Guest;
    }

    public void AddExec(string execId, string id = "c") =>
        Service.Exec(new ExecCreation(id, execId, StdioAddresses.None, "{}"u8.ToArray()));

    public Task<ExitRecord> WaitAsync(string execId = "", string id = "c") =>
        Service.WaitAsync(id, execId, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));

    /// <summary>Waits for what happens on other threads.</summary>
    public static async Task BecomesTrueAsync(Func<bool> condition)
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 2000, "it did not become true within 10 s");
            await Task.Delay(5);
        }
    }
}
