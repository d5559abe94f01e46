using System.Globalization;

namespace Skiff.Components;

/// <summary>
/// A component's bytes are malformed, break a rule of the component model, exceed a bound, or need what this version cannot do.
/// The message says what and, where it is known, at which byte of the file.
/// </summary>
public sealed class ComponentException : Exception
{
    public ComponentException(string message)
        : base(message)
    {
    }

    /// <param name="offset">Byte offset from the beginning of the file.</param>
    public ComponentException(long offset, string message)
        : base(string.Create(CultureInfo.InvariantCulture, $"at byte {offset}: {message}")) => Offset = offset;

    /// <summary>Byte offset from the beginning of the file; null if the fault is in no one place.</summary>
    public long? Offset { get; }
}
