using Skiff.Sandbox.Tests.Doubles;

namespace Skiff.Sandbox.Tests;

/// <summary>The shim's <c>delete</c>: another process than the one that made the guest.</summary>
public sealed class TracesTests(SandboxFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bundle_without_traces_or_without_folder_is_no_error()
    {
        await fixture.Sandbox().RemoveTracesAsync("/no/such/bundle", "x", Cancellation);
        using var bundle = new TestBundle(fixture, "/native");
        await fixture.Sandbox().RemoveTracesAsync(bundle.Folder, bundle.Id, Cancellation);
    }

    [Theory]
    [InlineData("crun", "native", true)]
    [InlineData("crun", "native", false)]
    [InlineData("runc", "native", true)]
    [InlineData("crun", "wasm", true)]
    [InlineData("crun", "wasm", false)]
    [InlineData("runc", "wasm", true)]
    public async Task A_guest_whose_server_is_gone_is_removed(string runtime, string kind, bool started)
    {
        using var bundle = new TestBundle(fixture, kind == "wasm" ? "/app.wasm" : "/native", "sleep") { Runtime = runtime };
        bundle.Put("/app.wasm", fixture.CachedModule("gone"));
        var guest = await bundle.CreateAsync();
        if (started)
        {
            await guest.StartAsync(Cancellation);
        }

        await fixture.Sandbox().RemoveTracesAsync(bundle.Folder, bundle.Id, Cancellation);
        Assert.Equal(137, (await guest.Exit).Code);
        Assert.Empty(bundle.Traces());
        await fixture.Sandbox().RemoveTracesAsync(bundle.Folder, bundle.Id, Cancellation);
    }

    [Fact]
    public async Task A_number_that_now_belongs_to_another_process_is_left_alone()
    {
        using var bundle = new TestBundle(fixture, "/native");
        Directory.CreateDirectory(Path.Combine(bundle.Folder, "skiff"));
        File.CreateSymbolicLink(Path.Combine(bundle.Folder, "skiff/init"), $"{Environment.ProcessId}@1");
        await fixture.Sandbox().RemoveTracesAsync(bundle.Folder, bundle.Id, Cancellation);
        Assert.Empty(bundle.Traces());
    }

    [Fact]
    public async Task Many_at_once_are_removed()
    {
        var bundles = Enumerable.Range(0, 20).Select(_ => new TestBundle(fixture, "/native", "sleep")).ToList();
        try
        {
            var guests = await Task.WhenAll(bundles.Select(b => b.CreateAsync()));
            await Task.WhenAll(bundles.Select(b => fixture.Sandbox().RemoveTracesAsync(b.Folder, b.Id, Cancellation)));
            Assert.All(await Task.WhenAll(guests.Select(g => g.Exit)), exit => Assert.Equal(137, exit.Code));
            Assert.All(bundles, b => Assert.Empty(b.Traces()));
        }
        finally
        {
            bundles.ForEach(b => b.Dispose());
        }
    }
}
