using System.Text;
using System.Text.Unicode;

namespace Skiff.Components.Host;

/// <summary>
/// A string as a guest passed it: UTF-8 that has been checked, normally still in the guest's memory. Valid until the host function
/// returns (one that waits: until it returns its task); <see cref="ToString"/> copies it.
/// </summary>
public readonly ref struct GuestString
{
    private GuestString(ReadOnlySpan<byte> utf8) => Bytes = utf8;

    /// <summary>Well-formed UTF-8.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    public bool IsEmpty => Bytes.IsEmpty;

    /// <exception cref="ArgumentException">Not well-formed UTF-8.</exception>
    public static GuestString FromUtf8(ReadOnlySpan<byte> utf8) =>
        Utf8.IsValid(utf8) ? new GuestString(utf8) : throw new ArgumentException("not well-formed UTF-8", nameof(utf8));

    public static GuestString FromString(string text) => new(Encoding.UTF8.GetBytes(text));

    public static implicit operator GuestString(string text) => FromString(text);

    public bool Equals(string text) => Encoding.UTF8.GetByteCount(text) == Bytes.Length && ToString() == text;

    public override string ToString() => Encoding.UTF8.GetString(Bytes);

    internal static GuestString Checked(ReadOnlySpan<byte> utf8) => new(utf8);
}
