namespace Skiff.Engine;

/// <summary>
/// A host function that a core module imports. Runs between two instructions of the guest, on its stack, which may be a fiber's:
/// no deep recursion, and nothing that asks for the thread's stack bounds (<c>RuntimeHelpers.EnsureSufficientExecutionStack</c>
/// always throws there: building regular expressions or expression trees, deep serializers). It waits only by
/// <see cref="HostCall.Await{T}(ValueTask{T}, HostCompletion{T})"/>.
/// </summary>
/// <exception cref="GuestTrapException">Ends the guest by a trap with that message.</exception>
/// <exception cref="GuestExitException">Ends the guest in order.</exception>
/// <exception cref="Exception">Any other ends the guest by a trap that says "host function failed".</exception>
public delegate void HostFunction(ref HostCall call);

/// <summary>The second half of a host function that waited: takes what it waited for, writes results, may call guest functions.</summary>
public delegate void HostCompletion<in T>(ref HostCall call, T result);

/// <summary>As <see cref="HostCompletion{T}"/>, with a state of its own, so that the delegate can be static.</summary>
public delegate void HostCompletion<in T, in TState>(ref HostCall call, T result, TState state);

/// <summary>The second half of a host function that called a guest function.</summary>
/// <param name="results">What the guest function returned.</param>
public delegate void GuestCompletion<in TState>(ref HostCall call, scoped Span<RawValue> results, TState state);
