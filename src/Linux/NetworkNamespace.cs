using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// A network namespace in which sockets are made. A socket belongs for its whole life to the namespace of the thread that made it,
/// whichever threads use it later (network_namespaces(7)); so only making needs this.
/// </summary>
/// <remarks>
/// All of it happens on one thread of the process, which is in a foreign namespace only while a job runs: a thread that is started
/// from there would inherit that namespace and hold it for ever. The jobs must therefore start nothing and await nothing.
/// </remarks>
public sealed class NetworkNamespace : IDisposable
{
    private readonly SafeFileHandle? _namespace;
    private readonly NamespaceThread? _thread;

    /// <param name="namespace">An open <c>/proc/PID/ns/net</c>; taken over.</param>
    public NetworkNamespace(SafeFileHandle @namespace, NamespaceThread thread) => (_namespace, _thread) = (@namespace, thread);

    private NetworkNamespace()
    {
    }

    /// <summary>The process's own: jobs run where they are asked for.</summary>
    public static NetworkNamespace Own { get; } = new();

    /// <summary>
    /// Runs <paramref name="make"/> in the namespace and gives back what it made. It may create, bind, listen and set options: a few
    /// microseconds, nothing that waits, nothing asynchronous.
    /// </summary>
    /// <exception cref="LinuxException">The namespace cannot be entered.</exception>
    public T Run<T>(Func<T> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        return _thread is null ? make() : _thread.Run(_namespace!, make);
    }

    public void Dispose() => _namespace?.Dispose();
}
