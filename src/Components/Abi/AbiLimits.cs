namespace Skiff.Components.Abi;

/// <summary>Limits of the canonical ABI.</summary>
internal static class AbiLimits
{
    /// <summary>Bytes of one string or list (CanonicalABI.md, <c>MAX_STRING_BYTE_LENGTH</c>, <c>MAX_LIST_BYTE_LENGTH</c>).</summary>
    public const uint BytesMax = (1u << 28) - 1;

    /// <summary>
    /// What one call may lift, as a multiple of the guest's memory: lists that overlap would otherwise let a small guest fill the
    /// host's memory (a list of a million strings that are all the same megabyte). Honest guests overlap a little.
    /// </summary>
    public const ulong LiftedMemoryMultiple = 4;

    /// <summary>Bytes that every call may lift, however small the guest's memory.</summary>
    public const ulong LiftedAlways = 16 << 20;

    /// <summary>Bytes that an interpreted value takes in the host, by which lists of small elements are charged.</summary>
    public const uint ValueBytes = 32;
}
