using System.CommandLine;
using Skiff.Cli;
using Skiff.Cli.Commands;

// A container waits for this: no command line parser, no console, nothing that is not needed to run the guest.
if (GateProgram.Recognises(args))
{
    return GateProgram.Run(args);
}

// One file a command in Commands/, added here.
var root = new RootCommand("Runs WebAssembly: on this machine, and in containers for containerd-shim-skiff-v1.")
{
    RunCommand.Create(),
    ServeCommand.Create(),
    CompileCommand.Create(),
    InspectCommand.Create(),
    CacheCommand.Create(),
    ImageCommand.Create(),
    ImageCodeCommand.Create(),
};
return await root.Parse(RunCommand.SeparateGuestArguments(args)).InvokeAsync();
