namespace Skiff.Components.Linking;

/// <summary>CanonicalABI.md, <c>string-encoding</c>.</summary>
public enum StringEncoding : byte
{
    Utf8,
    Utf16,
    Latin1Utf16,
}

/// <summary>
/// Options of <c>canon lift</c> and <c>canon lower</c> (Explainer.md, <c>canonopt</c>). Kinds and core types of all items have been
/// checked, and that memory and realloc are there where the function's type needs them.
/// </summary>
public sealed class CanonOptions
{
    internal CanonOptions()
    {
    }

    public StringEncoding Encoding { get; internal init; }

    /// <summary>A 32-bit unshared memory.</summary>
    public CoreExport? Memory { get; internal init; }

    /// <summary>(i32 old, i32 oldSize, i32 alignment, i32 newSize) -> i32.</summary>
    public CoreItem? Realloc { get; internal set; }

    /// <summary>Of a lift: takes what the function has returned, flat.</summary>
    public CoreItem? PostReturn { get; internal set; }

    /// <summary>WASI 0.3; such functions are refused when they are called.</summary>
    public bool IsAsync { get; internal init; }
}
