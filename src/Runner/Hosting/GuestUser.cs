using Skiff.Engine;
using Skiff.Linux;

namespace Skiff.Runner.Hosting;

/// <summary>Whose a guest's files are, in a host that is root: what the guest opens and makes it does as this user.</summary>
internal sealed class GuestUser(uint user, uint group) : IStoreTurn
{
    public void Begin() => FileUser.Become(user, group);

    public void End() => FileUser.Restore();
}
