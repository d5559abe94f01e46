using System.Text;
using Microsoft.Win32.SafeHandles;
using Skiff.ContainerdShim;
using Skiff.Linux;
using Skiff.Shim;
using Skiff.Shim.Bootstrap;

// What containerd executes (docs/containerd.md 1). Each action builds just what it needs: `start` and `delete` are on the way
// of every container, and containerd waits for them.
try
{
    var arguments = ShimArguments.Parse(Environment.GetCommandLineArgs()[0], args);
    switch (arguments)
    {
        case { ShowVersion: true }:
            Say(Encoding.UTF8.GetBytes(InfoCommand.Version(arguments.ProgramName)));
            break;
        case { ShowInfo: true }:
            Say(InfoCommand.Info(arguments.ProgramName, ReadInput()));
            break;
        case { Action: "start" }:
            Say(Encoding.UTF8.GetBytes(StartCommand.Run(arguments, ReadInput(), Directory.GetCurrentDirectory())));
            break;
        case { Action: "delete" }:
            Say(Composition.Delete(arguments));
            break;
        case { Action: ServerArguments.Action }:
            // Awaited only here: a Main that is async brings the thread pool's machinery into each start and delete.
            Composition.ServeAsync(arguments).GetAwaiter().GetResult();
            break;
        case { Action: HoldCommand.Action }:
            IdleInit.Run();
            break;
        default:
            throw new ShimException(
                ShimError.InvalidArgument,
                $"'{arguments.Action}' is not an action of this shim. containerd runs it (start, delete); by hand: -v, -info");
    }

    // Without the runtime's own shutdown: all has been said, and containerd waits.
    ThisProcess.ExitNow(0);
    return 0;
}
catch (Exception failure) when (failure is ShimException or IOException or UnauthorizedAccessException or Skiff.Sandbox.SandboxException)
{
    // containerd takes both streams together and shows them to its user.
    StreamIO.Write(new SafeFileHandle(2, ownsHandle: false), Encoding.UTF8.GetBytes(failure.Message + "\n"));
    return 1;
}

static void Say(ReadOnlySpan<byte> answer) =>
    StreamIO.Write(new SafeFileHandle(1, ownsHandle: false), answer);

static byte[] ReadInput()
{
    using var input = new SafeFileHandle(0, ownsHandle: false);
    var buffer = new byte[4096];
    for (var length = 0; ;)
    {
        var count = StreamIO.Read(input, buffer.AsSpan(length));
        if (count == 0)
        {
            return buffer[..length];
        }

        length += count;
        if (length == buffer.Length)
        {
            Array.Resize(ref buffer, length < StartInput.BytesMax
                ? length * 2
                : throw new ShimException(ShimError.InvalidArgument, $"stdin has more than {StartInput.BytesMax} bytes"));
        }
    }
}
