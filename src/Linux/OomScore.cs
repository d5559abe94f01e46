using System.Globalization;

namespace Skiff.Linux;

/// <summary>oom_score_adj of proc(5): -1000 (never killed) to 1000 (killed first); children inherit it.</summary>
public static class OomScore
{
    public const int Min = -1000;
    public const int Max = 1000;

    /// <summary>The value of a process; null when it is gone.</summary>
    public static int? TryRead(int pid) =>
        SmallFile.TryRead($"/proc/{pid}/oom_score_adj") is { } text ? int.Parse(text.AsSpan().Trim(), CultureInfo.InvariantCulture) : null;

    /// <summary>Sets our own. To go lower than what we started with takes CAP_SYS_RESOURCE, else EACCES.</summary>
    public static void SetSelf(int score)
    {
        var text = Math.Clamp(score, Min, Max).ToString(CultureInfo.InvariantCulture);
        if (!SmallFile.TryWrite("/proc/self/oom_score_adj", text))
        {
            throw new LinuxException("set oom_score_adj (is /proc mounted?)", Errno.ENOENT, text);
        }
    }
}
