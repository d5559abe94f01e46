using System.Collections.Generic;
using System.Linq;
using Skiff.WitBindings.Model;
using Skiff.WitBindings.Syntax;

namespace Skiff.WitBindings.Emission;

/// <summary>Writes the private half: for each function, flat values and memory in, the C# call, the result out.</summary>
internal sealed class BindingEmitter
{
    private const int FlatParametersMax = 16;

    private readonly CodeWriter _writer;
    private readonly CSharpTypes _types;
    private readonly InterfaceModel _model;
    private readonly Worklist<(INamedType Type, bool IsFlat)> _lifted = new();
    private readonly Worklist<INamedType> _lowered = new();
    private readonly Lifting _lifting;
    private readonly Lowering _lowering;

    public BindingEmitter(CodeWriter writer, CSharpTypes types, InterfaceModel model)
    {
        (_writer, _types, _model) = (writer, types, model);
        _lifting = new Lifting(writer, types, _lifted);
        _lowering = new Lowering(writer, types, _lowered);
    }

    public void Bindings()
    {
        foreach (var function in _model.Functions)
        {
            Binding(function);
            if (function.Suspends && function.Result is not null)
            {
                Completion(function);
            }
        }

        // Helpers may need further ones while they are written.
        while (_lifted.TryNext(out var lift))
        {
            _lifting.Lends = false;
            _lifting.Helper(lift.Type, lift.IsFlat);
        }

        while (_lowered.TryNext(out var named))
        {
            _lowering.Helper(named);
        }
    }

    private void Binding(FunctionModel function)
    {
        _writer.Line();
        _writer.Open($"private readonly struct {InterfaceEmitter.BindingName(function)}Binding : IHostBinding");
        // Its trampoline is the only caller.
        _writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
        _writer.Method("public static void Call(ref ComponentCall call)", ["call", "parameters", "result", "memory"], () =>
        {
            var arguments = Arguments(function);
            var target = function.Kind == FunctionKind.Method ? arguments[0] : $"(({_model.CSharpInterface})call.Implementation)";
            var rest = string.Join(", ", arguments.Skip(function.Kind == FunctionKind.Method ? 1 : 0));
            var invocation = $"{target}.{DeclarationEmitter.MethodName(function)}({rest})";
            if (function.Suspends)
            {
                _writer.Line(function.Result is null ? $"call.Await({invocation});" : $"call.Await({invocation}, {CompletionName(function)});");
            }
            else if (function.Result is { } result)
            {
                _writer.Line($"var result = {invocation};");
                Result(result);
            }
            else
            {
                _writer.Line($"{invocation};");
            }
        });
        _writer.Close();
    }

    // Each parameter becomes a local, in the order of the function type: that is the order in which handles are taken.
    private List<string> Arguments(FunctionModel function)
    {
        var tuple = new TupleType([.. function.Parameters.Select(parameter => parameter.Type)]);
        var isFlat = tuple.Flat.Count <= FlatParametersMax;
        if (!isFlat)
        {
            _writer.Line($"var parameters = call.Parameters({tuple.Size}, {tuple.Alignment});");
        }

        _lifting.Lends = Handles.MayClash(function);
        var arguments = new List<string>();
        uint slot = 0;
        for (var i = 0; i < function.Parameters.Count; i++)
        {
            var parameter = function.Parameters[i];
            var source = new Source(isFlat, isFlat ? "" : "parameters", isFlat ? slot : tuple.Offsets[i]);
            var name = Naming.Camel(parameter.Label);
            var value = _lifting.Value(parameter.Type, source, Position.Parameter, name);
            if (value != name)
            {
                var local = _writer.Local(name);
                _writer.Line($"var {local} = {value};");
                value = local;
            }

            arguments.Add(value);
            slot += (uint)parameter.Type.Flat.Count;
        }

        if (_lifting.Lends)
        {
            _writer.Line("call.EndLends();");
        }

        return arguments;
    }

    private void Completion(FunctionModel function)
    {
        _writer.Line();
        _writer.Method(
            $"private static void {CompletionName(function)}(ref ComponentCall call, {_types.Of(function.Result, Position.Result)} result)",
            ["call", "result", "memory"],
            () => Result(function.Result!));
    }

    private void Result(WitType type)
    {
        if (type.Flat.Count == 1)
        {
            _lowering.Flat(type, "result");
            return;
        }

        var target = new Target("memory", "call.ResultAddress", $"call.Result({type.Size}, {type.Alignment})");
        _writer.Line($"var memory = {target.Again};");
        _lowering.Memory(type, "result", Position.Result, target, 0, "result");
    }

    private static string CompletionName(FunctionModel function) => "Complete" + InterfaceEmitter.BindingName(function);
}

internal static class Handles
{
    /// <summary>Whether one handle could be named for a borrowed and for an owned parameter of one call, which must be refused.</summary>
    public static bool MayClash(FunctionModel function)
    {
        var all = function.Parameters.SelectMany(parameter => In(parameter.Type)).ToList();
        return all.Any(own => own.IsOwn && all.Any(borrow => !borrow.IsOwn && borrow.Resource == own.Resource));
    }

    private static IEnumerable<HandleType> In(WitType? type) => type switch
    {
        HandleType handle => [handle],
        ListType list => In(list.Element),
        TupleType tuple => tuple.Fields.SelectMany(In),
        CasesType cases => cases.Cases.SelectMany(In),
        _ => [],
    };
}
