using Skiff.Linux.Tests.Doubles;

namespace Skiff.Linux.Tests;

public sealed class DescriptorCopyTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task All_bytes_arrive_in_order_through_a_slow_reader_and_the_copy_ends_with_its_source()
    {
        var (source, input) = Descriptors.Pipe();
        var (output, target) = Descriptors.Pipe();
        var copy = DescriptorCopy.Start(source, target, "test copy");
        var sent = new byte[1_000_000];
        new Random(1).NextBytes(sent);
        var writing = Task.Run(() =>
        {
            using var writer = new FileStream(input, FileAccess.Write, 0);
            writer.Write(sent);
        });
        using var received = new MemoryStream();
        using var reader = new FileStream(output, FileAccess.Read, 0);
        var reading = Task.Run(() => reader.CopyTo(received));
        await writing.WaitAsync(Patience);
        await copy.Ended.WaitAsync(Patience);
        target.Dispose();
        await reading.WaitAsync(Patience);
        Assert.Equal(sent, received.ToArray());
    }

    [Fact]
    public async Task A_copy_ends_when_its_reader_is_gone()
    {
        var (source, input) = Descriptors.Pipe();
        var (output, target) = Descriptors.Pipe();
        output.Dispose();
        using var writer = new FileStream(input, FileAccess.Write, 0);
        var copy = DescriptorCopy.Start(source, target, "test copy");
        writer.Write("nobody reads this"u8);
        await copy.Ended.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_stop_ends_an_idle_copy_and_one_whose_reader_takes_nothing()
    {
        var (source, input) = Descriptors.Pipe();
        var (_, target) = Descriptors.Pipe();
        using var writer = new FileStream(input, FileAccess.Write, 0);
        var idle = DescriptorCopy.Start(source, target, "test copy");
        idle.Stop();
        await idle.Ended.WaitAsync(Patience);

        var stuck = DescriptorCopy.Start(source, target, "test copy");
        var filling = Task.Run(() => writer.Write(new byte[1_000_000]));
        await Task.Delay(100);
        stuck.Stop();
        await stuck.Ended.WaitAsync(Patience);
        source.Dispose();
        await Assert.ThrowsAsync<IOException>(() => filling.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_terminal_whose_last_program_has_gone_ends_the_copy_without_a_fault()
    {
        using var master = PseudoTerminal.OpenMaster(out var slave);
        using (Libc.Own(Libc.Open(slave, Libc.O_RDWR), "open", slave))
        {
        }

        await DescriptorCopy.Start(master, target: null, "test copy").Ended.WaitAsync(Patience);
    }
}
