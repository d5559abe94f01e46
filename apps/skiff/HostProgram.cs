using System.Text;
using Skiff.Guest;
using Skiff.Linux;
using Skiff.Runner.Hosting;

namespace Skiff.Cli;

/// <summary>
/// <c>skiff host</c>: runs the guests of one trust domain, which whoever started it hands over by the socket that is its descriptor 3
/// (<see cref="HostProtocol"/>). Ends when that does.
/// </summary>
internal static class HostProgram
{
    public static bool Recognises(string[] args) => args is ["host"];

    public static int Run()
    {
        ResourceLimits.RaiseOpenFiles();
        if (Environment.IsPrivilegedProcess)
        {
            // They would be those of all guests.
            FileUser.DropGroups();
        }

        DescriptorSocket control;
        try
        {
            control = new DescriptorSocket(Descriptors.TakeInherited(HostProtocol.ControlDescriptor));
        }
        catch (LinuxException)
        {
            Outcome.Complain("host: started by a shim, with its socket as descriptor 3; there is nothing in it for people");
            return GuestExit.CannotExecute;
        }

        var output = Console.OpenStandardError();
        var gate = new Lock();
        void Log(string line)
        {
            var bytes = Encoding.UTF8.GetBytes($"skiff host: {line.ReplaceLineEndings(" | ")}\n");
            lock (gate)
            {
                output.Write(bytes);
            }
        }

        GuestHost.RunAsync(control, TimeProvider.System, Log, CancellationToken.None).GetAwaiter().GetResult();
        // Whoever started us has gone, and with it the word of how guests end: nothing is worth waiting for.
        ThisProcess.ExitNow(0);
        return 0;
    }
}
