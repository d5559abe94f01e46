using System.Runtime.CompilerServices;

namespace Skiff.Testing;

/// <summary>
/// Ends a test program that hangs, so that nobody waits for it for ever. Which tests it hangs in, the runner has said before
/// (xunit.runner.json, longRunningTestSeconds).
/// </summary>
internal static class Watchdog
{
    // The longest of the programs takes a fifth of it on a busy machine.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    // Held here: a timer that nobody holds stops.
    private static readonly Timer Alarm = new(
        _ => Environment.FailFast($"the tests of {typeof(Watchdog).Assembly.GetName().Name} have not ended after {Patience.TotalMinutes} minutes"));

    [ModuleInitializer]
    internal static void Start() => Alarm.Change(Patience, Timeout.InfiniteTimeSpan);
}
