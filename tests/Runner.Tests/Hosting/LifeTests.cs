using Skiff.Guest;

namespace Skiff.Runner.Tests.Hosting;

/// <summary>Guests of a host, from order to exit.</summary>
public sealed class LifeTests
{
    [Fact]
    public async Task A_command_writes_to_its_own_output_and_exits()
    {
        await using var host = new TestHost();
        await using var guest = await host.StartAsync(Texts.Hello);
        Assert.Equal(0, await guest.ExitAsync());
        Assert.Equal("hello\n", await guest.Output);
        Assert.Equal("", await guest.Error);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(42)]
    [InlineData(255)]
    public async Task Every_exit_code_passes(int code)
    {
        await using var host = new TestHost();
        Assert.Equal(code, await host.RunAsync(Texts.Exit(code)));
    }

    [Fact]
    public async Task A_trap_is_told_on_the_guests_own_stderr()
    {
        await using var host = new TestHost();
        await using var guest = await host.StartAsync(Texts.Trap);
        Assert.Equal(GuestExit.Trapped, await guest.ExitAsync());
        var error = await guest.Error;
        Assert.StartsWith("skiff: guest trapped: ", error, StringComparison.Ordinal);
        Assert.Contains("at inner", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Texts.Loop, 9, 137)]
    [InlineData(Texts.Loop, 15, 143)]
    [InlineData(Texts.Sleep, 2, 130)]
    [InlineData(Texts.Sleep, 1, 129)]
    public async Task A_signal_ends_a_command_whatever_it_does(string text, int signal, int exit)
    {
        await using var host = new TestHost();
        await using var guest = await host.StartAsync(text);
        await Task.Delay(50);
        await guest.SayAsync("signal 28");
        Assert.Equal(0, (await guest.UsageAsync()).MemoryRefusals);
        await guest.SayAsync($"signal {signal}");
        Assert.Equal(exit, await guest.ExitAsync());
    }

    [Fact]
    public async Task A_component_command_runs_and_its_failure_is_1()
    {
        await using var host = new TestHost();
        Assert.Equal(1, await host.RunAsync(Texts.Component));
    }

    [Fact]
    public async Task What_an_export_returns_is_printed_to_its_output()
    {
        await using var host = new TestHost();
        await using var guest = await host.StartAsync(Texts.Component, order => order with { Export = "number" });
        Assert.Equal(0, await guest.ExitAsync());
        Assert.Equal("7\n", await guest.Output);
    }
}
