using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>How a call into a guest ended other than by returning: by its own exit, or by a trap.</summary>
/// <param name="ExitStatus">What the guest asked to end with, as it asked; null for a trap.</param>
/// <param name="Trap">Null for an exit.</param>
public sealed record CallEnd(int? ExitStatus, Trap? Trap)
{
    /// <summary>Carries the end on through the guest that made the call: what a host function does that called a guest function.</summary>
    [DoesNotReturn]
    public void Throw() => throw (ExitStatus is { } status ? new GuestExitException(status) : new GuestTrapException(Trap!.Message));

    // Both take what they are given over.
    internal static unsafe CallEnd FromError(nint error)
    {
        int status;
        if (EngineApi.wasmtime_error_exit_status(error, &status) != 0)
        {
            EngineApi.wasmtime_error_delete(error);
            return new CallEnd(status, null);
        }

        Vector frames;
        EngineApi.wasmtime_error_wasm_trace(error, &frames);
        var backtrace = WasmFrame.Take(&frames);
        // An error carries no trap code; the engine's text of an interruption is its only sign.
        var message = EngineException.Take(error).Message;
        return new CallEnd(null, new Trap(message, message.Contains("wasm trap: interrupt", StringComparison.Ordinal), backtrace));
    }

    internal static unsafe CallEnd FromTrap(nint trap)
    {
        const byte Interrupt = 10;
        byte code;
        var interrupted = EngineApi.wasmtime_trap_code(trap, &code) != 0 && code == Interrupt;
        Vector frames, text;
        EngineApi.wasm_trap_trace(trap, &frames);
        EngineApi.wasm_trap_message(trap, &text);
        // This vector counts its terminating zero.
        var message = Encoding.UTF8.GetString(text.Bytes.TrimEnd((byte)0));
        EngineApi.wasm_byte_vec_delete(&text);
        // Before the trap goes: the frames point into it.
        var backtrace = WasmFrame.Take(&frames);
        EngineApi.wasm_trap_delete(trap);
        return new CallEnd(null, new Trap(EngineText.OneLine(message), interrupted, backtrace));
    }
}

/// <summary>A guest did what it may not: core specification, section "Execution", <c>trap</c>.</summary>
/// <param name="Message">What it did.</param>
/// <param name="Interrupted">It was stopped by <see cref="WasmStore.Stop"/>.</param>
/// <param name="Backtrace">Where, innermost frame first.</param>
public sealed record Trap(string Message, bool Interrupted, IReadOnlyList<WasmFrame> Backtrace)
{
    // A runaway recursion has as many frames as the stack holds; its beginning and its end say it all.
    private const int FramesShown = 24;

    /// <summary>Message and backtrace, one frame a line.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Message);
        for (var i = 0; i < Backtrace.Count; i++)
        {
            if (i == FramesShown / 2 && Backtrace.Count > FramesShown)
            {
                var skipped = Backtrace.Count - FramesShown;
                text.Append(CultureInfo.InvariantCulture, $"\n   … {skipped} more frames");
                i += skipped;
            }

            text.Append(CultureInfo.InvariantCulture, $"\n   at {Backtrace[i]}");
        }

        return text.ToString();
    }
}

/// <summary>One frame of a Wasm backtrace.</summary>
/// <param name="Module">Name from the module's name section, if it has one.</param>
/// <param name="Function">Name from the name section, if it has one.</param>
/// <param name="FunctionIndex">Index in the module's function index space, imports included.</param>
/// <param name="ModuleOffset">Offset of the instruction in the module's binary, in bytes.</param>
public readonly record struct WasmFrame(string? Module, string? Function, uint FunctionIndex, ulong ModuleOffset)
{
    public override string ToString()
    {
        var function = Function ?? string.Create(CultureInfo.InvariantCulture, $"function[{FunctionIndex}]");
        return string.Create(CultureInfo.InvariantCulture, $"{(Module is null ? "" : Module + "!")}{function} (+0x{ModuleOffset:x})");
    }

    internal static unsafe IReadOnlyList<WasmFrame> Take(Vector* frames)
    {
        var result = new WasmFrame[checked((int)frames->size)];
        for (var i = 0; i < result.Length; i++)
        {
            var frame = frames->Pointers[i];
            result[i] = new WasmFrame(
                Text(EngineApi.wasmtime_frame_module_name(frame)),
                Text(EngineApi.wasmtime_frame_func_name(frame)),
                EngineApi.wasm_frame_func_index(frame),
                EngineApi.wasm_frame_module_offset(frame));
        }

        EngineApi.wasm_frame_vec_delete(frames);
        return result;
    }

    private static unsafe string? Text(Vector* name) => name is null ? null : Encoding.UTF8.GetString(name->Bytes);
}
