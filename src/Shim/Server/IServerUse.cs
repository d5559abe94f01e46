namespace Skiff.Shim.Server;

/// <summary>What the services tell the server about its own use.</summary>
internal interface IServerUse
{
    /// <summary>Something was made or removed just now: who connected before it is served, who connects after it wants more.</summary>
    void Used();

    /// <summary>
    /// A connection came only to look, and nobody counts on the server because of it: a list of all shims that is asked for every few
    /// seconds must keep none of them alive.
    /// </summary>
    void LookedAt();

    /// <summary>Asks the server to leave if it has nothing left to serve. Returns at once.</summary>
    void AskToLeave();
}
