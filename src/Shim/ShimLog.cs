using System.Globalization;
using System.Text;

namespace Skiff.Shim;

/// <summary>
/// Lines as containerd's own log has them (logrus text format), so that they read on in its journal. A line that nobody
/// takes is dropped: a log must never hold up a guest.
/// </summary>
/// <param name="write">Takes a whole line, newline included.</param>
internal sealed class ShimLog(TimeProvider time, Action<string> write)
{
    /// <summary>Longest line in bytes of text; PIPE_BUF (4096) is what a FIFO takes in one piece or not at all.</summary>
    private const int MessageCharactersMax = 1024;

    public bool Debugging { get; set; }

    public void Debug(string message)
    {
        if (Debugging)
        {
            Line("debug", message);
        }
    }

    public void Info(string message) => Line("info", message);

    public void Warn(string message) => Line("warning", message);

    public void Error(string message, Exception cause) => Line("error", $"{message}: {cause.Message}");

    private void Line(string level, string message)
    {
        var at = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        write($"time=\"{at}\" level={level} msg={Quoted(message)} runtime=skiff\n");
    }

    private static string Quoted(string message)
    {
        var text = message.Length <= MessageCharactersMax ? message : message[..MessageCharactersMax] + "…";
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var character in text)
        {
            _ = character switch
            {
                '"' or '\\' => quoted.Append('\\').Append(character),
                '\n' => quoted.Append("\\n"),
                _ when char.IsControl(character) => quoted.Append(' '),
                _ => quoted.Append(character),
            };
        }

        return quoted.Append('"').ToString();
    }
}
