namespace Skiff.Components.Host;

/// <summary>
/// What the outer of two options holds: C# has no <c>T??</c>, so <c>option&lt;option&lt;u32&gt;&gt;</c> is <c>Some&lt;uint?&gt;?</c>.
/// </summary>
public readonly record struct Some<T>(T Value);
