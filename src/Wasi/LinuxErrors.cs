using Skiff.Linux;

namespace Skiff.Wasi;

/// <summary>From Linux error numbers to WASI's.</summary>
internal static class LinuxErrors
{
    /// <summary>Index: Linux number 0 to 133. 0 where WASI has no word: those become an I/O error.</summary>
    private static ReadOnlySpan<byte> Table =>
    [
        0, 63, 44, 71, 27, 29, 60, 1, 45, 8, 12, 6, 48, 2, 21, 58, // 0: EPERM .. ENOTBLK
        10, 20, 75, 43, 54, 31, 28, 41, 33, 59, 74, 22, 51, 70, 69, 34, // 16: EBUSY .. EMLINK
        64, 18, 68, 16, 37, 46, 52, 55, 32, 0, 49, 24, 0, 0, 0, 0, // 32: EPIPE ..
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 48
        0, 0, 0, 47, 0, 0, 0, 65, 36, 0, 9, 61, 0, 0, 0, 0, // 64: ENOLINK 67, EPROTO 71, EMULTIHOP 72, EBADMSG 74, EOVERFLOW 75
        0, 0, 0, 0, 25, 0, 0, 41, 57, 17, 35, 67, 50, 66, 66, 58, // 80: EILSEQ 84, EUSERS 87 .. EOPNOTSUPP 95
        66, 5, 3, 4, 38, 40, 39, 13, 15, 42, 30, 53, 53, 0, 73, 14, // 96: EPFNOSUPPORT .. ECONNREFUSED 111
        23, 23, 7, 26, 72, 0, 0, 0, 0, 0, 19, 0, 0, 11, 0, 0, // 112: EHOSTDOWN .. ESTALE 116, EDQUOT 122, ECANCELED 125
        0, 0, 62, 56, 0, 0, // 128: EOWNERDEAD 130, ENOTRECOVERABLE 131
    ];

    /// <summary>From a system call's answer: 0 or more is success, else the negative error number.</summary>
    public static WasiErrno Of(long answer)
    {
        if (answer >= 0)
        {
            return WasiErrno.Success;
        }

        var number = -answer;
        return number < Table.Length && Table[(int)number] != 0 ? (WasiErrno)Table[(int)number] : WasiErrno.Io;
    }

    /// <summary>
    /// The same for <see cref="Linux.Files.DirectoryCalls.OpenBeneath"/>, where EXDEV says that the path leads out of the
    /// directory, and EAGAIN that others moved it about all the time. The word for leading out is Preview 2's (filesystem,
    /// <c>not-permitted</c>); of Preview 1, whose text names none, test suites take it as well as <c>notcapable</c>.
    /// </summary>
    public static WasiErrno OfOpen(int answer) => answer switch
    {
        -Errno.EXDEV => WasiErrno.NotPermitted,
        -Errno.EAGAIN => WasiErrno.Busy,
        _ => Of(answer),
    };
}
