using Microsoft.Win32.SafeHandles;
using Skiff.Linux;

namespace Skiff.Sandbox;

/// <summary>What kind of program a file is, told from its first bytes and never from its name.</summary>
internal enum ProgramFormat
{
    /// <summary>The kernel executes it: an ELF program, or a script that begins with <c>#!</c>.</summary>
    Native,

    /// <summary>A module or component, binary or text: to be compiled.</summary>
    Wasm,

    /// <summary>Compiled by Wasmtime: native code without a wall, never taken from an image.</summary>
    Precompiled,

    /// <summary>None of these.</summary>
    Unknown,
}

/// <summary>Recognizes a <see cref="ProgramFormat"/>.</summary>
internal static class ProgramFormats
{
    /// <summary>As much as text before the first bracket may need: licence headers are comments too.</summary>
    private const int HeadBytes = 4096;

    /// <summary>Length of the Wasm preamble: magic, version, layer (component-model Binary.md).</summary>
    private const int PreambleBytes = 8;

    private const int OsAbiOffset = 7;

    /// <summary>What Wasmtime writes into EI_OSABI of its compiled code; no operating system uses it.</summary>
    private const byte OsAbiWasmtime = 200;

    /// <summary>The first bytes of a file, up to as many as are needed to tell.</summary>
    public static byte[] ReadHead(SafeFileHandle file)
    {
        var head = new byte[HeadBytes];
        return head[..BoundedFile.ReadUpTo(file, head)];
    }

    public static ProgramFormat Detect(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("\u007fELF"u8))
        {
            return head.Length > OsAbiOffset && head[OsAbiOffset] == OsAbiWasmtime ? ProgramFormat.Precompiled : ProgramFormat.Native;
        }

        if (head.StartsWith("#!"u8))
        {
            return ProgramFormat.Native;
        }

        return (head.StartsWith("\0asm"u8) && head.Length >= PreambleBytes) || IsText(head) ? ProgramFormat.Wasm : ProgramFormat.Unknown;
    }

    // The text format: white space and comments, then "(module" or "(component".
    private static bool IsText(ReadOnlySpan<byte> head)
    {
        for (; ; )
        {
            head = head.TrimStart(" \t\r\n"u8);
            if (head.StartsWith(";;"u8))
            {
                var end = head.IndexOf((byte)'\n');
                if (end < 0)
                {
                    return false;
                }

                head = head[end..];
            }
            else if (head.StartsWith("(;"u8))
            {
                var length = BlockCommentLength(head);
                if (length == 0)
                {
                    return false;
                }

                head = head[length..];
            }
            else
            {
                return IsOpening(head, "(module"u8) || IsOpening(head, "(component"u8);
            }
        }
    }

    // Block comments nest. 0: it does not end in what we see.
    private static int BlockCommentLength(ReadOnlySpan<byte> text)
    {
        var depth = 0;
        for (var i = 0; i + 1 < text.Length; i++)
        {
            if (text[i] == '(' && text[i + 1] == ';')
            {
                depth++;
                i++;
            }
            else if (text[i] == ';' && text[i + 1] == ')')
            {
                depth--;
                i++;
                if (depth == 0)
                {
                    return i + 1;
                }
            }
        }

        return 0;
    }

    private static bool IsOpening(ReadOnlySpan<byte> text, ReadOnlySpan<byte> keyword) =>
        text.StartsWith(keyword)
        && (text.Length == keyword.Length || !(char.IsAsciiLetterOrDigit((char)text[keyword.Length]) || text[keyword.Length] is (byte)'_' or (byte)'-'));
}
