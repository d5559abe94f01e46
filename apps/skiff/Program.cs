using System.CommandLine;
using Skiff.Cli;
using Skiff.Cli.Commands;

// A container waits for this: no command line parser, no console, nothing that is not needed to run the guest.
if (GateProgram.Recognises(args))
{
    return GateProgram.Run(args);
}

// So does the shim for this.
if (HostProgram.Recognises(args))
{
    return HostProgram.Run();
}

// One file a command in Commands/, added here.
var root = new RootCommand("Runs WebAssembly: on this machine, and in containers for containerd-shim-skiff-v1.")
{
    RunCommand.Create(),
    ServeCommand.Create(),
    CompileCommand.Create(),
    InspectCommand.Create(),
    PsCommand.Create(),
    PsCommand.CreateTop(),
    MetricsCommand.Create(),
    LogsCommand.Create(),
    DoctorCommand.Create(),
    CacheCommand.Create(),
    ImageCommand.Create(),
    ImageCodeCommand.Create(),
};
// The parser's own handler of SIGTERM ends the process 2 s later with 143, whatever a command is finishing: commands see to signals themselves.
return await root.Parse(RunCommand.SeparateGuestArguments(args)).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
