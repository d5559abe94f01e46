using Skiff.Components.Abi;
using Skiff.Engine;

namespace Skiff.Components.Runtime;

/// <summary>What became of a call.</summary>
/// <param name="Value">The result; null when the function has none.</param>
/// <param name="End">Null when the function returned; else the guest is dead.</param>
public readonly record struct CallOutcome(ComponentValue? Value, CallEnd? End);
