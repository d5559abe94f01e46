namespace Skiff.Components.Types;

/// <summary>A component function type: named parameters and at most one result.</summary>
/// <param name="isAsync">Declared <c>async</c> (WASI 0.3).</param>
public sealed class FunctionType(IReadOnlyList<Parameter> parameters, ValueType? result, bool isAsync = false)
{
    /// <summary>More flat parameters are passed through memory (CanonicalABI.md, <c>MAX_FLAT_PARAMS</c>).</summary>
    public const int FlatParametersMax = 16;

    /// <summary>More flat results are passed through memory (CanonicalABI.md, <c>MAX_FLAT_RESULTS</c>).</summary>
    public const int FlatResultsMax = 1;

    public IReadOnlyList<Parameter> Parameters { get; } = parameters;

    public ValueType? Result { get; } = result;

    public bool IsAsync { get; } = isAsync;

    /// <summary>The parameters as one value: how they lie in memory when they are spilled.</summary>
    public RecordType ParameterTuple { get; } = RecordType.Tuple([.. parameters.Select(parameter => parameter.Type)]);

    public bool ParametersAreSpilled => ParameterTuple.Flat.Length > FlatParametersMax;

    public bool ResultIsSpilled => Result is { } type && type.Flat.Length > FlatResultsMax;

    public bool StructurallyEquals(FunctionType other) =>
        Parameters.Count == other.Parameters.Count
        && IsAsync == other.IsAsync
        && Members.Equal(Result, other.Result)
        && Parameters.Zip(other.Parameters).All(pair =>
            pair.First.Name == pair.Second.Name && pair.First.Type.StructurallyEquals(pair.Second.Type));

    public override string ToString() =>
        $"{(IsAsync ? "async " : "")}func({string.Join(", ", Parameters.Select(parameter => $"{parameter.Name}: {parameter.Type}"))}){(Result is null ? "" : $" -> {Result}")}";
}

/// <summary>A parameter of a <see cref="FunctionType"/>.</summary>
public sealed record Parameter(string Name, ValueType Type);
