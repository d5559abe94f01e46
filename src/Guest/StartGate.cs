using System.Text;

namespace Skiff.Guest;

/// <summary>
/// The words between the side that made a container and the run program waiting in it, over one stream socket.
/// Run program: <c>ready\n</c>, or <c>error TEXT\n</c> and its end once the maker has hung up, or <c>damaged TEXT\n</c> and that
/// when it is the compiled code that does not load. Maker: <c>start\n</c>.
/// The end of the stream before <c>start</c> means that the maker died: the run program ends too.
/// </summary>
public static class StartGate
{
    /// <summary>Descriptor of the socket in the run program: the first after stdio, where crun and runc put preserved descriptors.</summary>
    public const int ControlDescriptor = 3;

    /// <summary>
    /// Descriptor of the compiled code in the run program. Of a component it is the <see cref="ComponentCode"/>, and the code of
    /// its core modules follows, one descriptor each.
    /// </summary>
    public const int CodeDescriptor = 4;

    public static ReadOnlySpan<byte> Ready => "ready\n"u8;

    public static ReadOnlySpan<byte> Start => "start\n"u8;

    /// <summary>Longest message in bytes, newline included; longer error texts are cut.</summary>
    public const int MessageBytesMax = 16 * 1024;

    public const string ErrorWord = "error ";

    public const string DamagedWord = "damaged ";

    /// <param name="word"><see cref="ErrorWord"/> or <see cref="DamagedWord"/>.</param>
    public static byte[] Refusal(string word, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var line = word + text.ReplaceLineEndings(" | ") + "\n";
        var bytes = Encoding.UTF8.GetBytes(line);
        return bytes.Length <= MessageBytesMax ? bytes : [.. bytes.AsSpan(0, MessageBytesMax - 1), (byte)'\n'];
    }
}
