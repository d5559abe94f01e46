using Skiff.Linux.Files;
using Skiff.Wasi.Files;

namespace Skiff.Wasi.Sockets;

/// <summary>Sockets and name lookup of one guest, within its grants.</summary>
public sealed class GuestSockets
{
    internal GuestSockets(NetworkGrants grants, ReadinessLoop readiness, DescriptorBudget budget)
    {
        Grants = grants;
        Readiness = readiness;
        Budget = budget;
    }

    public NetworkGrants Grants { get; }

    internal ReadinessLoop Readiness { get; }

    internal DescriptorBudget Budget { get; }
}
