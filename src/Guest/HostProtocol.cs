namespace Skiff.Guest;

/// <summary>
/// Between a shim and a guest host (<c>skiff host</c>), a process that runs the guests of one trust domain.
/// </summary>
/// <remarks>
/// The control socket (SOCK_SEQPACKET) carries one message a guest, from the shim: the <see cref="Descriptor"/> names of the descriptors
/// that come with it, separated by commas, in their order. Its end means that the shim is gone, and the host ends with all its guests.
///
/// All else of a guest is said over its own channel (SOCK_STREAM), in lines that end with a newline; JSON has none inside.
/// <code>
/// shim                      host
/// order JSON            →                      GuestOrder, once, first
///                       ←   ready
///                       ←   error TEXT         cannot be run; damaged TEXT: the code does not load (StartGate); then the end
/// start                 →
/// signal N              →                      15, 2: an HTTP guest finishes its requests; 9 and others that end a process: at once
/// pause / resume        →
///                       ←   paused / resumed   no instruction of the guest runs in between
/// limits JSON           →                      GuestResources: what is set replaces what was
/// usage                 →
///                       ←   usage JSON         GuestUsage
///                       ←   oom                it was refused memory beyond its limit and has ended, or is about to
///                       ←   exit CODE          how it ended, and the end of the stream; nothing of it runs any more
/// </code>
/// The end of the stream from the shim's side ends the guest at once; from the host's side without <c>exit</c> it means that the host is
/// gone: the guest has ended as if by SIGKILL.
/// </remarks>
public static class HostProtocol
{
    /// <summary>Descriptor of the control socket in the host: the first after stdio.</summary>
    public const int ControlDescriptor = 3;

    /// <summary>Longest line in bytes, newline included. Arguments and environment of a process may have 2 MiB (execve(2) on Linux).</summary>
    public const int LineBytesMax = 4 * 1024 * 1024;

    public const string Order = "order";
    public const string Ready = "ready";
    public const string Error = "error";
    public const string Damaged = "damaged";
    public const string Start = "start";
    public const string Signal = "signal";
    public const string Pause = "pause";
    public const string Paused = "paused";
    public const string Resume = "resume";
    public const string Resumed = "resumed";
    public const string Limits = "limits";
    public const string Usage = "usage";
    public const string OutOfMemory = "oom";
    public const string Exit = "exit";

    /// <summary>Names of descriptors in a message of the control socket.</summary>
    public static class Descriptor
    {
        /// <summary>The guest's channel; always there.</summary>
        public const string Channel = "channel";

        /// <summary>Compiled code, as <see cref="CompiledCode.Path"/>; always there.</summary>
        public const string Code = "code";

        /// <summary>As <see cref="CompiledCode.Modules"/>, once for each, in order.</summary>
        public const string Module = "module";

        /// <summary>Root directory of the guest's file tree (O_PATH): what lies below it, the guest may see, as <c>/</c>.</summary>
        public const string Root = "root";

        /// <summary>Network namespace of the guest's sockets; absent: the host's own.</summary>
        public const string Network = "network";

        /// <summary>Stdio; one that is absent is /dev/null.</summary>
        public const string Input = "stdin";

        public const string Output = "stdout";

        public const string ErrorOutput = "stderr";
    }
}
