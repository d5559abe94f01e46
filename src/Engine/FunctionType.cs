using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>Type of a Wasm value (core specification, "Value Types"); vectors and references are only named.</summary>
public enum ValueKind
{
    I32 = 0,
    I64 = 1,
    F32 = 2,
    F64 = 3,
    Other = 255,
}

/// <summary>Type of a core function.</summary>
public sealed record FunctionType(IReadOnlyList<ValueKind> Parameters, IReadOnlyList<ValueKind> Results)
{
    public override string ToString() => $"func ({Join(Parameters)}){(Results.Count == 0 ? "" : $" -> {Join(Results)}")}";

    /// <summary>Takes nothing, returns nothing.</summary>
    public static FunctionType Empty { get; } = new([], []);

    /// <summary>Whether both have the same parameters and results. (The equality of the record is that of its lists.)</summary>
    public bool Matches(FunctionType other) =>
        Parameters.SequenceEqual(other.Parameters) && Results.SequenceEqual(other.Results);

    /// <exception cref="EngineException">A value is a vector or a reference: calls on fibers do not carry those.</exception>
    internal void ThrowIfNotNumeric()
    {
        if (Parameters.Contains(ValueKind.Other) || Results.Contains(ValueKind.Other))
        {
            throw new EngineException($"a function of type {this} takes or returns a vector or a reference, which a host function cannot");
        }
    }

    internal static unsafe FunctionType Read(nint type) =>
        new(Kinds(ModuleApi.wasm_functype_params(type)), Kinds(ModuleApi.wasm_functype_results(type)));

    /// <summary>A new <c>wasm_functype_t</c>; the caller deletes it.</summary>
    internal unsafe nint ToNative()
    {
        var parameters = Values(Parameters);
        var results = Values(Results);
        // Takes both vectors over.
        return ModuleApi.wasm_functype_new(&parameters, &results);
    }

    internal static ValueKind Kind(nint valueType)
    {
        var kind = ModuleApi.wasm_valtype_kind(valueType);
        return kind <= (byte)ValueKind.F64 ? (ValueKind)kind : ValueKind.Other;
    }

    internal static string Name(ValueKind kind) => kind switch
    {
        ValueKind.I32 => "i32",
        ValueKind.I64 => "i64",
        ValueKind.F32 => "f32",
        ValueKind.F64 => "f64",
        _ => "ref or v128",
    };

    private static string Join(IReadOnlyList<ValueKind> kinds) => string.Join(", ", kinds.Select(Name));

    private static unsafe ValueKind[] Kinds(Vector* types)
    {
        var kinds = new ValueKind[checked((int)types->size)];
        for (var i = 0; i < kinds.Length; i++)
        {
            kinds[i] = Kind(types->Pointers[i]);
        }

        return kinds;
    }

    private static unsafe Vector Values(IReadOnlyList<ValueKind> kinds)
    {
        Vector vector;
        ModuleApi.wasm_valtype_vec_new_uninitialized(&vector, (nuint)kinds.Count);
        for (var i = 0; i < kinds.Count; i++)
        {
            ((nint*)vector.data)[i] = ModuleApi.wasm_valtype_new((byte)kinds[i]);
        }

        return vector;
    }
}
