using Skiff.Components.Linking;

namespace Skiff.Components.Runtime;

/// <summary>Options of a lift or a lower, as slots of <see cref="ComponentInstance"/>; -1 where the option is absent.</summary>
internal sealed record CanonicalOptions(StringEncoding Encoding, int Memory, int Realloc, int PostReturn);
