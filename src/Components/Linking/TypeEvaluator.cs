using Skiff.Components.Binary;
using Skiff.Components.Types;

namespace Skiff.Components.Linking;

/// <summary>Resolves type definitions in a scope (Explainer.md, "Type Definitions").</summary>
internal sealed class TypeEvaluator(LinkBudget budget)
{
    /// <summary>A value type, function type or closure; resources are the component evaluator's, because each instance has its own.</summary>
    public object Evaluate(Scope scope, TypeDefinition definition)
    {
        var offset = definition.Offset;
        return definition.Type switch
        {
            FunctionSyntax function => Function(scope, offset, function),
            ScopeSyntax body => new ScopeClosure(body, scope),
            _ => Checked(offset, Value(scope, offset, definition.Type)),
        };
    }

    private ValueType Value(Scope scope, int offset, TypeSyntax syntax)
    {
        switch (syntax)
        {
            case PrimitiveSyntax primitive:
                return primitive.Type;
            case RecordSyntax record:
                var fields = Members(scope, offset, record.Fields);
                CheckSize(offset, fields);
                return RecordType.Record(fields);
            case TupleSyntax tuple:
                var items = Array.ConvertAll(tuple.Items, item => new Member("", Resolve(scope, offset, item)));
                budget.Charge(offset, items.Length);
                CheckSize(offset, items);
                return RecordType.Tuple(Array.ConvertAll(items, item => item.Type!));
            case VariantSyntax variant:
                return VariantType.Variant(Members(scope, offset, variant.Cases));
            case EnumSyntax labels:
                budget.Charge(offset, labels.Labels.Length);
                return VariantType.Enum(labels.Labels);
            case FlagsSyntax labels:
                return new FlagsType(labels.Labels);
            case OptionSyntax option:
                return VariantType.Option(Resolve(scope, offset, option.Some));
            case ResultSyntax result:
                return VariantType.Result(Optional(scope, offset, result.Ok), Optional(scope, offset, result.Error));
            case ListSyntax { Length: null } list:
                return new ListType(Resolve(scope, offset, list.Element));
            case ListSyntax list:
                return FixedList(offset, Resolve(scope, offset, list.Element), list.Length.Value);
            case MapSyntax map:
                // CanonicalABI.md, "Despecialization".
                return new ListType(RecordType.Tuple(Resolve(scope, offset, map.Key), Resolve(scope, offset, map.Value)));
            case AsyncValueSyntax value:
                return new AsyncValueType(Optional(scope, offset, value.Element), value.IsStream);
            case HandleSyntax handle:
                return new HandleType(scope.Get<ResourceType>(Sort.Type, handle.Resource, offset, "a resource type"), handle.IsOwn);
            default:
                throw new ComponentException(offset, "a resource type is defined within a type");
        }
    }

    private FunctionType Function(Scope scope, int offset, FunctionSyntax syntax)
    {
        var members = Members(scope, offset, syntax.Parameters);
        CheckSize(offset, members);
        var type = new FunctionType(
            Array.ConvertAll(members, member => new Parameter(member.Label, member.Type!)),
            Optional(scope, offset, syntax.Result),
            syntax.IsAsync);
        Checked(offset, type.ParameterTuple);
        return type;
    }

    /// <summary>Whether both are the same type. Charged, because a small file can hold large types and ask for many comparisons.</summary>
    public bool AreEqual(int offset, FunctionType one, FunctionType other)
    {
        if (ReferenceEquals(one, other))
        {
            return true;
        }

        budget.Charge(offset, one.ParameterTuple.Nodes + (one.Result?.Nodes ?? 0));
        return one.StructurallyEquals(other);
    }

    public bool AreEqual(int offset, ValueType one, ValueType other)
    {
        if (ReferenceEquals(one, other))
        {
            return true;
        }

        budget.Charge(offset, one.Nodes);
        return one.StructurallyEquals(other);
    }

    private static ValueType Resolve(Scope scope, int offset, ValueTypeReference reference) =>
        (ValueType?)reference.Primitive ?? scope.Get<ValueType>(Sort.Type, reference.Index, offset, "a value type");

    private static ValueType? Optional(Scope scope, int offset, ValueTypeReference? reference) =>
        reference is { } type ? Resolve(scope, offset, type) : null;

    private Member[] Members(Scope scope, int offset, MemberSyntax[] members)
    {
        budget.Charge(offset, members.Length);
        return Array.ConvertAll(members, member => new Member(member.Label, Optional(scope, offset, member.Type)));
    }

    private static FixedListType FixedList(int offset, ValueType element, uint length)
    {
        if (length == 0)
        {
            throw new ComponentException(offset, "a list of the fixed length 0");
        }

        CheckSize(offset, (ulong)element.Size * length);
        return new FixedListType(element, length);
    }

    // Before the type is made, whose own arithmetic is 32 bits wide.
    private static void CheckSize(int offset, Member[] members)
    {
        ulong size = 0;
        foreach (var member in members)
        {
            size = ValueType.Align(size, member.Type!.Alignment) + member.Type.Size;
        }

        CheckSize(offset, size);
    }

    private static void CheckSize(int offset, ulong size)
    {
        if (size >= ValueType.SizeLimit)
        {
            throw new ComponentException(offset, $"a type takes {size} bytes; less than {ValueType.SizeLimit} are possible");
        }
    }

    private static ValueType Checked(int offset, ValueType type)
    {
        CheckSize(offset, type.Size);
        if (type.Depth > ValueType.DepthMax)
        {
            throw new ComponentException(offset, $"types are nested more than {ValueType.DepthMax} deep");
        }

        return type.Nodes <= ValueType.NodesMax
            ? type
            : throw new ComponentException(offset, $"a type has more than {ValueType.NodesMax} types in it");
    }
}
