using Skiff.Components.Binary;
using Skiff.Components.Types;

namespace Skiff.Components.Linking;

/// <summary>Core types of lifted and lowered functions (CanonicalABI.md, <c>flatten_functype</c>, synchronous).</summary>
internal static class CoreSignature
{
    public static readonly CoreFunctionType I32ToI32 = new([CoreType.I32], [CoreType.I32]);
    public static readonly CoreFunctionType I32ToNothing = new([CoreType.I32], []);
    public static readonly CoreFunctionType Realloc = new([CoreType.I32, CoreType.I32, CoreType.I32, CoreType.I32], [CoreType.I32]);

    /// <summary>What the target of a <c>canon lift</c> must be.</summary>
    public static CoreFunctionType OfLift(FunctionType type) => new(Parameters(type, extra: false), Results(type));

    /// <summary>What a <c>post-return</c> function must be.</summary>
    public static CoreFunctionType OfPostReturn(FunctionType type) => new(Results(type), []);

    /// <summary>What a <c>canon lower</c> makes: a result that does not fit is written where one more parameter says.</summary>
    public static CoreFunctionType OfLower(FunctionType type) =>
        new(Parameters(type, type.ResultIsSpilled), type.ResultIsSpilled ? [] : Results(type));

    private static CoreType[] Parameters(FunctionType type, bool extra)
    {
        CoreType[] parameters = type.ParametersAreSpilled ? [CoreType.I32] : [.. type.ParameterTuple.Flat];
        return extra ? [.. parameters, CoreType.I32] : parameters;
    }

    private static CoreType[] Results(FunctionType type) =>
        type.Result is null ? [] : type.ResultIsSpilled ? [CoreType.I32] : [.. type.Result.Flat];
}
