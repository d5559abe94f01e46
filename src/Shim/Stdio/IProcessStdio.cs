using Skiff.Linux;
using Skiff.Sandbox;

namespace Skiff.Shim.Stdio;

/// <summary>The open stdio of one process, from before it exists until it is deleted.</summary>
internal interface IProcessStdio : IAsyncDisposable
{
    /// <summary>What the guest gets. The sandbox disposes it once the guest holds its own.</summary>
    GuestStdio Guest { get; }

    /// <summary>Copies between the guest's terminal and the addresses. To be called once, when the guest has its terminal.</summary>
    void Attach(Terminal terminal);

    /// <summary>The guest reads the end of its stdin once the client has closed its end too. Idempotent.</summary>
    void CloseInput();

    /// <summary>The process has ended: readers see the end of its output. Idempotent.</summary>
    void GuestEnded();

    /// <summary>
    /// Completes when the client has read what the guest wrote, or after a second: ctr closes its end once it knows of the exit, and
    /// what lies in the FIFO by then is lost.
    /// </summary>
    Task OutputReadAsync();
}

/// <summary>Opens stdio. What it opened is closed again when it fails.</summary>
internal interface IStdioOpener
{
    /// <param name="owner">Names the process in messages and to a log program.</param>
    /// <exception cref="ShimException">An address cannot be opened; the message names it.</exception>
    Task<IProcessStdio> OpenAsync(StdioAddresses addresses, StdioOwner owner, CancellationToken cancellation);
}

/// <summary>Whose stdio it is.</summary>
internal sealed record StdioOwner(string Namespace, string ContainerId);
