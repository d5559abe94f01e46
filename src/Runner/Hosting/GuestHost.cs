using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Skiff.Guest;
using Skiff.Linux;

namespace Skiff.Runner.Hosting;

/// <summary>
/// A process that runs the guests of one trust domain (<see cref="HostProtocol"/>): all of them share the engine, the compiled code, the
/// web server and the threads, and each has its own store, files, sockets, environment and limits.
/// </summary>
public static class GuestHost
{
    /// <summary>Takes guests until the control socket ends. Those that still run then are not waited for: end the process.</summary>
    /// <param name="control">Taken over.</param>
    /// <param name="log">Takes one line at a time, from any thread.</param>
    public static async Task RunAsync(DescriptorSocket control, TimeProvider time, Action<string> log, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(control);
        ArgumentNullException.ThrowIfNull(log);
        using (control)
        {
            var services = await HostServices.StartAsync(time, log, cancellation);
            while (await ReceiveAsync(control, log, cancellation) is var (message, handles))
            {
                _ = TakeAsync(services, new GuestDescriptors(message, handles));
            }
        }
    }

    private static async Task<(byte[] Message, IReadOnlyList<SafeFileHandle> Handles)?> ReceiveAsync(
        DescriptorSocket control, Action<string> log, CancellationToken cancellation)
    {
        try
        {
            return await control.ReceiveAsync(cancellation);
        }
        catch (Exception broken) when (broken is SocketException or LinuxException)
        {
            log($"the control socket broke: {broken.Message}");
            return null;
        }
    }

    // Owns the guest's failure: nobody awaits it, and nobody else is to notice it.
    private static async Task TakeAsync(HostServices services, GuestDescriptors descriptors)
    {
        if (!descriptors.Has(HostProtocol.Descriptor.Channel))
        {
            services.Log($"a message of the control socket is none: {descriptors.Fault}");
            descriptors.Dispose();
            return;
        }

        await using var guest = new HostedGuest(services, descriptors);
        try
        {
            await guest.LiveAsync();
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            services.Log($"{guest.Name}: {fault}");
        }
    }
}
