using System.Text.Json.Nodes;
using Skiff.Linux;
using Skiff.Sandbox.Tests.Doubles;

namespace Skiff.Sandbox.Tests;

/// <summary>What cannot be made is an error that names its cause, and leaves nothing behind.</summary>
public sealed class FailureTests(SandboxFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<SandboxException> RefusedAsync(TestBundle bundle, SandboxPlaces? places = null)
    {
        var fault = await Assert.ThrowsAsync<SandboxException>(() => bundle.CreateAsync(places));
        Assert.Empty(bundle.Traces());
        return fault;
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_missing_program(string runtime)
    {
        using var bundle = new TestBundle(fixture, "nothing") { Runtime = runtime };
        var fault = await RefusedAsync(bundle);
        Assert.Equal(SandboxFault.NotFound, fault.Fault);
        Assert.StartsWith($"{runtime} create: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'nothing' is not in the rootfs", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_program_of_an_image_without_wasm_layer()
    {
        using var bundle = new TestBundle(fixture, "nothing") { Containerd = "/run/nobody.sock" };
        Assert.Contains("the image has no Wasm layer", (await RefusedAsync(bundle)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_failing_hook(string runtime)
    {
        using var bundle = new TestBundle(fixture, "/native") { Runtime = runtime };
        bundle.Spec["hooks"] = new JsonObject { ["prestart"] = new JsonArray(new JsonObject { ["path"] = "/bin/false" }) };
        Assert.Contains("hook", (await RefusedAsync(bundle)).Message, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_bad_seccomp_profile(string runtime)
    {
        using var bundle = new TestBundle(fixture, "/native") { Runtime = runtime };
        bundle.Linux["seccomp"] = new JsonObject { ["defaultAction"] = "SCMP_ACT_NONSENSE" };
        await RefusedAsync(bundle);
    }

    [Fact]
    public async Task A_rootfs_that_cannot_be_mounted()
    {
        using var bundle = new TestBundle(fixture, "/native");
        var request = bundle.Request() with { Rootfs = [new MountPoint("bind", "/no/such/source", "", ["bind"])] };
        var fault = await Assert.ThrowsAsync<SandboxException>(() => fixture.Sandbox().CreateAsync(request, Cancellation));
        Assert.Contains("/no/such/source", fault.Message, StringComparison.Ordinal);
        Assert.Empty(bundle.Traces());
    }

    [Fact]
    public async Task The_second_of_two_mounts_fails_and_the_first_is_undone()
    {
        using var bundle = new TestBundle(fixture, "/native");
        var request = bundle.Request();
        request = request with { Rootfs = [.. request.Rootfs, new MountPoint("overlay", "overlay", "", ["lowerdir=/no/such"])] };
        await Assert.ThrowsAsync<SandboxException>(() => fixture.Sandbox().CreateAsync(request, Cancellation));
        Assert.Empty(bundle.Traces());
    }

    [Fact]
    public async Task A_module_that_does_not_compile()
    {
        using var bundle = new TestBundle(fixture, "/broken.wasm");
        bundle.Put("/broken.wasm", "\0asm\x01\0\0\0not in the cache"u8);
        var fault = await RefusedAsync(bundle);
        Assert.Equal("/broken.wasm cannot be compiled: line 1: this double compiles nothing", fault.Message);
        Assert.Equal(SandboxFault.InvalidArgument, fault.Fault);
    }

    [Fact]
    public async Task A_run_program_that_is_not_installed()
    {
        using var bundle = new TestBundle(fixture, "/broken.wasm");
        bundle.Put("/broken.wasm", "\0asm\x01\0\0\0not in the cache"u8);
        var fault = await RefusedAsync(bundle, fixture.Places with { Home = "/no/such/home" });
        Assert.Contains("SKIFF_HOME", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_run_program_that_dies_before_it_is_ready(string runtime)
    {
        // It may die before Create has looked at it, which is then Create's error, or later: then its exit tells.
        using var bundle = new TestBundle(fixture, "/app.wasm", "die") { Runtime = runtime };
        bundle.Put("/app.wasm", fixture.CachedModule("dies"));
        try
        {
            var guest = await bundle.CreateAsync();
            await guest.StartAsync(Cancellation);
            Assert.Equal(9, (await guest.Exit).Code);
            await guest.DeleteAsync(Cancellation);
        }
        catch (SandboxException fault)
        {
            Assert.Contains("ended with 9", fault.Message, StringComparison.Ordinal);
        }

        Assert.Empty(bundle.Traces());
    }

    [Fact]
    public async Task Code_compiled_elsewhere_is_refused_by_its_bytes()
    {
        using var bundle = new TestBundle(fixture, "/app.cwasm");
        bundle.Put("/app.cwasm", [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 200, 0, 0]);
        Assert.Contains("refused", (await RefusedAsync(bundle)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData("-v")]
    [InlineData("a/b")]
    public async Task An_id_that_is_a_path_or_an_option(string id)
    {
        using var bundle = new TestBundle(fixture, "/native");
        var fault = await Assert.ThrowsAsync<SandboxException>(() => fixture.Sandbox().CreateAsync(bundle.Request() with { Id = id }, Cancellation));
        Assert.Equal(SandboxFault.InvalidArgument, fault.Fault);
    }

    [Fact]
    public async Task A_configuration_that_is_no_json()
    {
        using var bundle = new TestBundle(fixture, "/native");
        var request = bundle.Request();
        File.WriteAllText(Path.Combine(bundle.Folder, "config.json"), "{");
        var fault = await Assert.ThrowsAsync<SandboxException>(() => fixture.Sandbox().CreateAsync(request, Cancellation));
        Assert.Equal(SandboxFault.InvalidArgument, fault.Fault);
        Assert.Contains("config.json", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_runtime_that_is_not_installed()
    {
        using var bundle = new TestBundle(fixture, "/native") { Runtime = "kata" };
        Assert.Contains("'kata'", (await RefusedAsync(bundle)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_create_leaves_nothing()
    {
        using var bundle = new TestBundle(fixture, "/native");
        bundle.Spec["hooks"] = new JsonObject
        {
            ["prestart"] = new JsonArray(new JsonObject { ["path"] = "/bin/sleep", ["args"] = new JsonArray("sleep", "30") }),
        };
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fixture.Sandbox().CreateAsync(bundle.Request(), cancellation.Token));
        Assert.Empty(bundle.Traces());
    }
}
