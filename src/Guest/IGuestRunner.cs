namespace Skiff.Guest;

/// <summary>Runs one guest to its end. Implemented by the run wing, called by whoever hosts a guest.</summary>
public interface IGuestRunner
{
    /// <summary>Loads everything up to the point where the guest's first instruction would run.</summary>
    /// <exception cref="GuestException">The guest cannot be run; the message names what the user can change.</exception>
    IPreparedGuest Prepare(GuestSpec spec);
}

/// <summary>A guest with engine loaded, code mapped and imports linked: <see cref="Run"/> only says go.</summary>
public interface IPreparedGuest : IDisposable
{
    /// <summary>Runs the guest on the calling thread until it ends. At most once.</summary>
    GuestExit Run();

    /// <summary>It takes SIGTERM and SIGINT itself, to end in its own time: nobody else may end the process on them meanwhile.</summary>
    bool StopsOnSignals => false;
}

/// <summary>A guest cannot be prepared or run, for a reason that lies in the image, the module or the options.</summary>
public sealed class GuestException(string message, Exception? inner = null) : Exception(message, inner);
