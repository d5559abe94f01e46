namespace Skiff.Components.Host;

/// <summary>
/// <c>result&lt;T, E&gt;</c> of WIT (<see cref="Unit"/> stands for <c>_</c>). Values convert by themselves: <c>return 5;</c>,
/// <c>return ErrorCode.Access;</c>. C# knows no conversion from interface types: there, and where both sides have one type, write
/// <see cref="Ok"/> and <see cref="Error"/>. The default value is <c>ok</c> with the default of <typeparamref name="T"/>.
/// </summary>
public readonly record struct Result<T, TError>
{
    private readonly T _value;
    private readonly TError _error;

    private Result(bool isError, T value, TError error) => (IsError, _value, _error) = (isError, value, error);

    public bool IsError { get; }

    public bool IsOk => !IsError;

    /// <summary>What <c>ok</c> carries.</summary>
    /// <exception cref="InvalidOperationException">It is an error.</exception>
    public T Value => IsError ? throw new InvalidOperationException($"the result is the error {_error}") : _value;

    /// <summary>What <c>error</c> carries.</summary>
    /// <exception cref="InvalidOperationException">It is ok.</exception>
    public TError ErrorValue => IsError ? _error : throw new InvalidOperationException("the result is no error");

    public static implicit operator Result<T, TError>(T value) => new(false, value, default!);

    public static implicit operator Result<T, TError>(TError error) => new(true, default!, error);

#pragma warning disable CA1000 // the type's own two constructors, named as WIT names them
    public static Result<T, TError> Ok(T value) => new(false, value, default!);

    public static Result<T, TError> Error(TError error) => new(true, default!, error);
#pragma warning restore CA1000

    public override string ToString() => IsError ? $"error({_error})" : $"ok({_value})";
}
