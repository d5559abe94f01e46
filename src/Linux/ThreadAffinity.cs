using System.Runtime.InteropServices;

namespace Skiff.Linux;

/// <summary>Which processors a thread runs on (sched_setaffinity(2)). A program that the thread starts inherits it.</summary>
public static unsafe partial class ThreadAffinity
{
    // cpu_set_t: 1024 processors.
    private const int SetBytes = 128;

    /// <summary>The processors that this process may use, by number.</summary>
    public static IReadOnlyList<int> Allowed()
    {
        var set = stackalloc byte[SetBytes];
        Libc.Check(sched_getaffinity(0, SetBytes, set), "sched_getaffinity");
        var allowed = new List<int>();
        for (var number = 0; number < SetBytes * 8; number++)
        {
            if ((set[number / 8] & (1 << (number % 8))) != 0)
            {
                allowed.Add(number);
            }
        }

        return allowed;
    }

    /// <summary>Runs <paramref name="work"/> on a thread of its own that is bound to one processor.</summary>
    public static T With<T>(int processor, Func<T> work)
    {
        T? result = default;
        Exception? fault = null;
        var thread = new Thread(() =>
        {
            try
            {
                var set = stackalloc byte[SetBytes];
                new Span<byte>(set, SetBytes).Clear();
                set[processor / 8] = (byte)(1 << (processor % 8));
                Libc.Check(sched_setaffinity(0, SetBytes, set), "sched_setaffinity", $"{processor}");
                result = work();
            }
            catch (LinuxException failed)
            {
                fault = failed;
            }
        });
        thread.Start();
        thread.Join();
        return fault is null ? result! : throw fault;
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int sched_getaffinity(int pid, nuint size, byte* set);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int sched_setaffinity(int pid, nuint size, byte* set);
}
