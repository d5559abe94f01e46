using Skiff.Components.Host;
using Skiff.Engine;
using Skiff.Wasi.Bindings.Cli;
using Skiff.Wasi.Bindings.Io;
using Skiff.Wasi.Cli;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Preview2;

/// <summary><c>wasi:cli/environment</c>.</summary>
internal sealed class CliEnvironment(ProgramEnvironment environment) : IEnvironment
{
    public IReadOnlyList<(string, string)> GetEnvironment() => [.. environment.Variables.Select(variable => (variable.Key, variable.Value))];

    public IReadOnlyList<string> GetArguments() => environment.Arguments;

    public string? InitialCwd() => environment.WorkingDirectory;
}

/// <summary><c>wasi:cli/exit</c>.</summary>
internal sealed class CliExit : IExit
{
    public void Exit(Result<Unit, Unit> status) => throw new GuestExitException(status.IsOk ? 0 : 1);

    public void ExitWithCode(byte statusCode) => throw new GuestExitException(statusCode);
}

/// <summary><c>wasi:cli/stdin</c>, <c>stdout</c>, <c>stderr</c>, and which of them is a terminal.</summary>
internal sealed class CliStreams(StandardStreams stdio) : IStdin, IStdout, IStderr, ITerminalStdin, ITerminalStdout, ITerminalStderr
{
    public IInputStream GetStdin() => new InputView(stdio.Input);

    public IOutputStream GetStdout() => new OutputView(stdio.Output);

    public IOutputStream GetStderr() => new OutputView(stdio.Error);

    public ITerminalInput? GetTerminalStdin() => stdio.IsInputTerminal ? new Terminal() : null;

    public ITerminalOutput? GetTerminalStdout() => stdio.IsOutputTerminal ? new Terminal() : null;

    public ITerminalOutput? GetTerminalStderr() => stdio.IsErrorTerminal ? new Terminal() : null;

    /// <summary>There is nothing that one can do with it (yet); it is there or not.</summary>
    private sealed class Terminal : ITerminalInput, ITerminalOutput;

    /// <summary>A handle of standard input: dropping it leaves the stream open.</summary>
    private sealed class InputView(InputStream stream) : InputStream
    {
        public override bool IsReady => stream.IsReady;

        public override StreamResult Read(Span<byte> buffer) => stream.Read(buffer);

        public override ValueTask WaitAsync(CancellationToken cancellation) => stream.WaitAsync(cancellation);
    }

    /// <summary>A handle of standard output or error: dropping it leaves the stream open.</summary>
    private sealed class OutputView(OutputStream stream) : OutputStream
    {
        public override bool IsReady => stream.IsReady;

        public override ValueTask WaitAsync(CancellationToken cancellation) => stream.WaitAsync(cancellation);

        protected override StreamResult Permit() => stream.CheckWrite();

        protected override StreamResult Accept(ReadOnlySpan<byte> bytes)
        {
            // Asked again: another handle of the same stream may have used up what this one was permitted.
            var permit = stream.CheckWrite();
            return permit.IsOpen ? stream.Write(bytes) : permit;
        }

        protected override StreamResult BeginFlush() => stream.Flush();
    }
}
