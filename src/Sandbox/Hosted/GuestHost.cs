using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Skiff.Guest;
using Skiff.Linux;

namespace Skiff.Sandbox;

/// <summary>A process that runs the guests of one trust domain (<see cref="HostProtocol"/>).</summary>
internal sealed class GuestHost : IDisposable
{
    private readonly DescriptorSocket _control;
    private readonly ChildProcess _process;
    private readonly Lock _sending = new();

    private GuestHost(DescriptorSocket control, ChildProcess process) => (_control, _process) = (control, process);

    public int Pid => _process.Pid;

    public Task<ChildExit> Exit => _process.Exit;

    /// <param name="log">Its lines go there.</param>
    /// <exception cref="SandboxException">The run program cannot be started.</exception>
    public static GuestHost Start(ChildReaper reaper, SandboxPlaces places, SafeHandle log)
    {
        var (ours, theirs) = DescriptorSocket.Pair();
        using (theirs)
        {
            try
            {
                var process = reaper.Spawn(new SpawnRequest
                {
                    Program = places.RunProgram,
                    Arguments = ["skiff", "host"],
                    WorkingDirectory = "/",
                    StandardOutput = log,
                    StandardError = log,
                    Inherited = [theirs],
                    NewSession = true,
                });
                return new GuestHost(ours, process);
            }
            catch (LinuxException fault)
            {
                ours.Dispose();
                throw SandboxPlaces.NotStarted("guest host", fault);
            }
        }
    }

    /// <summary>Hands a guest over.</summary>
    /// <param name="descriptors">By their names in the protocol; they stay the caller's.</param>
    /// <returns>The guest's channel.</returns>
    /// <exception cref="SandboxException">The host is gone, or there are more descriptors than one message takes.</exception>
    public Socket Hand(IReadOnlyList<(string Name, SafeHandle Handle)> descriptors)
    {
        if (descriptors.Count >= DescriptorSocket.DescriptorsMax)
        {
            throw new SandboxException(
                $"The component has {descriptors.Count} core modules and descriptors; a guest host takes {DescriptorSocket.DescriptorsMax} at most: use isolation \"container\".",
                SandboxFault.InvalidArgument);
        }

        var (ours, theirs) = Descriptors.SocketPair();
        using (theirs)
        {
            var names = string.Join(',', descriptors.Select(descriptor => descriptor.Name).Prepend(HostProtocol.Descriptor.Channel));
            try
            {
                lock (_sending)
                {
                    _control.Send(Encoding.ASCII.GetBytes(names), [theirs, .. descriptors.Select(descriptor => descriptor.Handle)]);
                }

                return ours;
            }
            catch (LinuxException fault)
            {
                ours.Dispose();
                throw new SandboxException($"The guest host (pid {Pid}) does not take the guest: {fault.Message}. Its log says why.", SandboxFault.Internal, fault);
            }
        }
    }

    /// <summary>Ends it, with all its guests: the end of the control socket is its sign to go.</summary>
    public void Dispose() => _control.Dispose();
}
