namespace Skiff.Components.Host;

/// <summary>The value of a <see cref="Result{T, TError}"/>'s side that carries none (<c>_</c> in WIT).</summary>
public readonly record struct Unit;
