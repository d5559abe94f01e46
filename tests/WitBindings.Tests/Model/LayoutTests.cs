using Skiff.Components.Host;
using Skiff.WitBindings.Model;
using Skiff.WitBindings.Tests.Bindings.Sample;
using Types = Skiff.Components.Types;

namespace Skiff.WitBindings.Tests.Model;

/// <summary>The generator's layouts are computed by code of its own; the run time's, which the interpreter uses, must agree.</summary>
public sealed class LayoutTests
{
    [Fact]
    public void Layouts_are_those_of_the_run_time()
    {
        var models = Described.Files([Sources.Path("tests/WitBindings.Tests/wit/sample.wit")]);
        HostInterface[] definitions = [EchoInterface.Definition, ThingsInterface.Definition, WaitsInterface.Definition];
        Assert.Equal(definitions.Length, models.Count);
        foreach (var model in models)
        {
            var definition = definitions.Single(definition => definition.Name == model.WitName);
            Assert.Equal(definition.Functions.Select(function => function.Name), model.Functions.Select(function => function.WitName));
            for (var i = 0; i < model.Functions.Count; i++)
            {
                var type = definition.Functions[i].Type!;
                Compare(new TupleType([.. model.Functions[i].Parameters.Select(parameter => parameter.Type)]), type.ParameterTuple);
                if (model.Functions[i].Result is { } result)
                {
                    Compare(result, type.Result!);
                }
            }
        }
    }

    private static void Compare(WitType ours, Types.ValueType theirs)
    {
        var what = Described.Text(ours);
        Assert.True((ours.Size, ours.Alignment) == (theirs.Size, theirs.Alignment), what);
        Assert.True(ours.HasPointers == theirs.NeedsMemory && ours.HasHandles == theirs.HasHandles, what);
        Assert.Equal(
            ours.Flat.Take(Types.ValueType.FlatCountCap).Select(kind => kind.ToString()),
            theirs.Flat.ToArray().Select(kind => kind.ToString()));
        switch (ours, theirs)
        {
            case (TupleType tuple, Types.RecordType record):
                Assert.Equal(tuple.Offsets, record.Offsets.ToArray());
                for (var i = 0; i < tuple.Fields.Count; i++)
                {
                    Compare(tuple.Fields[i], record.Fields[i].Type!);
                }

                break;
            case (CasesType cases, Types.VariantType variant):
                Assert.True((cases.DiscriminantSize, cases.PayloadOffset) == (variant.DiscriminantSize, variant.PayloadOffset), what);
                for (var i = 0; i < cases.Cases.Count; i++)
                {
                    Assert.Equal(cases.Cases[i] is null, variant.Cases[i].Type is null);
                    if (cases.Cases[i] is { } payload)
                    {
                        Compare(payload, variant.Cases[i].Type!);
                    }
                }

                break;
            case (ListType list, Types.ListType other):
                Compare(list.Element, other.Element);
                break;
            default:
                break;
        }
    }
}
