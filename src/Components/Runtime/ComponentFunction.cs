using Skiff.Components.Abi;
using Skiff.Engine;

namespace Skiff.Components.Runtime;

/// <summary>An exported function of one instance (CanonicalABI.md, <c>canon_lift</c>), called by interpretation.</summary>
public sealed class ComponentFunction
{
    private const string Asynchronous = "the function is an asynchronous one (WASI 0.3), which this version does not run";

    private readonly ComponentInstance _instance;
    private readonly LiftedTarget _target;

    internal ComponentFunction(ComponentInstance instance, LiftedTarget target) => (_instance, _target) = (instance, target);

    public FunctionType Type => _target.Function.Type;

    /// <summary>Calls the function on this thread, until it returns or the guest ends.</summary>
    /// <exception cref="ArgumentException">The arguments are not of the function's type.</exception>
    /// <exception cref="InvalidCastException">As above.</exception>
    public CallOutcome Call(params ReadOnlySpan<ComponentValue> arguments)
    {
        if (Begin() is { } end)
        {
            return new CallOutcome(null, end);
        }

        try
        {
            var scope = Enter(out var state);
            Span<RawValue> values = stackalloc RawValue[FunctionType.FlatParametersMax];
            new Lowerer(_instance, state, _target.Options, scope).Parameters(Type, arguments, values);
            _instance.Run(_target.Target, values);
            var result = Lift(state, scope, values);
            _instance.PostReturn(state, _target.Options, values);
            return new CallOutcome(result, null);
        }
        catch (Exception fault) when (fault is GuestTrapException or GuestExitException)
        {
            return Fail(fault);
        }
        finally
        {
            _instance.Leave(_target.Entered);
        }
    }

    /// <summary>As <see cref="Call"/>, on a fiber.</summary>
    /// <param name="cancellation">Stops the guest.</param>
    public async ValueTask<CallOutcome> CallAsync(ComponentValue[] arguments, CancellationToken cancellation = default)
    {
        if (Begin() is { } end)
        {
            return new CallOutcome(null, end);
        }

        var values = new RawValue[FunctionType.FlatParametersMax];
        try
        {
            var scope = Enter(out var state);
            if (_instance.Linked.Fibers && (Type.ParametersAreSpilled || Type.ParameterTuple.NeedsMemory))
            {
                await LowerOnFiberAsync(state, scope, arguments, values, cancellation).ConfigureAwait(false);
            }
            else
            {
                new Lowerer(_instance, state, _target.Options, scope).Parameters(Type, arguments, values);
            }

            await RunAsync(_target.Target, values, cancellation).ConfigureAwait(false);
            var result = Lift(state, scope, values);
            if (_target.Options.PostReturn >= 0)
            {
                _instance.Close(state);
                await RunAsync(_target.Options.PostReturn, values, cancellation).ConfigureAwait(false);
                _instance.Open(state, mayLeave: true);
            }

            return new CallOutcome(result, null);
        }
        catch (Exception fault) when (fault is GuestTrapException or GuestExitException)
        {
            return Fail(fault);
        }
        finally
        {
            _instance.Leave(_target.Entered);
        }
    }

    private ValueTask LowerOnFiberAsync(
        InstanceState state, CallScope scope, ComponentValue[] arguments, RawValue[] values, CancellationToken cancellation) =>
        _instance.OnFiberAsync(() => new Lowerer(_instance, state, _target.Options, scope).Parameters(Type, arguments, values), cancellation);

    private CallEnd? Begin()
    {
        if (_instance.End is { } end)
        {
            return end;
        }

        if (_target.Function.Options.IsAsync)
        {
            return _instance.Ended(new CallEnd(null, new Skiff.Engine.Trap(Asynchronous, false, [])));
        }

        return null;
    }

    private CallScope Enter(out InstanceState state)
    {
        _instance.Enter(_target.Entered);
        state = _instance.StateOf(_target.Function.Instance.Index);
        return new CallScope();
    }

    private ComponentValue? Lift(InstanceState state, CallScope scope, ReadOnlySpan<RawValue> values)
    {
        var result = new Lifter(_instance, state, _target.Options, scope).Result(Type, values);
        scope.CheckBorrows();
        scope.EndLends();
        return result;
    }

    private async ValueTask RunAsync(int slot, Memory<RawValue> values, CancellationToken cancellation)
    {
        if (await _instance.CoreFunction(slot).CallAsync(values, cancellation).ConfigureAwait(false) is { } end)
        {
            end.Throw();
        }
    }

    // The engine remembers the first cause where guest code was beneath; what the ABI finds afterwards ends the guest as well.
    private CallOutcome Fail(Exception fault) => new(null, _instance.Ended(fault is GuestExitException exit
        ? new CallEnd(exit.Status, null)
        : new CallEnd(null, new Skiff.Engine.Trap(fault.Message, false, []))));
}
