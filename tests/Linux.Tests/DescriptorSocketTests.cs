using System.Runtime.InteropServices;
using System.Text;

namespace Skiff.Linux.Tests;

public sealed class DescriptorSocketTests
{
    [Fact]
    public async Task A_message_arrives_whole_with_its_descriptors()
    {
        var (ours, theirs) = DescriptorSocket.Pair();
        using var sender = ours;
        using var receiver = new DescriptorSocket(theirs);
        using var file = Descriptors.Memory("content", "a file"u8);
        sender.Send("one"u8, [file]);
        sender.Send("two"u8, []);
        var first = await ReceiveAsync(receiver);
        Assert.Equal("one", Encoding.UTF8.GetString(first!.Value.Message));
        using var received = Assert.Single(first.Value.Descriptors);
        var content = new byte[6];
        RandomAccess.Read(received, content, 0);
        Assert.Equal("a file", Encoding.UTF8.GetString(content));
        var second = await ReceiveAsync(receiver);
        Assert.Equal("two", Encoding.UTF8.GetString(second!.Value.Message));
        Assert.Empty(second.Value.Descriptors);
    }

    [Fact]
    public async Task As_many_descriptors_as_the_kernel_takes_arrive()
    {
        var (ours, theirs) = DescriptorSocket.Pair();
        using var sender = ours;
        using var receiver = new DescriptorSocket(theirs);
        using var file = Descriptors.Memory("content", "x"u8);
        sender.Send("many"u8, [.. Enumerable.Repeat<SafeHandle>(file, DescriptorSocket.DescriptorsMax)]);
        var message = await ReceiveAsync(receiver);
        Assert.Equal(DescriptorSocket.DescriptorsMax, message!.Value.Descriptors.Count);
        foreach (var descriptor in message.Value.Descriptors)
        {
            descriptor.Dispose();
        }
    }

    [Fact]
    public async Task The_end_of_the_peer_is_seen_and_sending_to_it_fails()
    {
        var (ours, theirs) = DescriptorSocket.Pair();
        using var socket = ours;
        theirs.Dispose();
        Assert.Null(await ReceiveAsync(socket));
        Assert.Equal(Errno.EPIPE, Assert.Throws<LinuxException>(() => socket.Send("x"u8, [])).Errno);
    }

    private static Task<(byte[] Message, IReadOnlyList<Microsoft.Win32.SafeHandles.SafeFileHandle> Descriptors)?> ReceiveAsync(DescriptorSocket socket) =>
        socket.ReceiveAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));
}
