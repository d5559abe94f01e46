using Skiff.Components.Runtime;
using Skiff.Components.Types;
using Skiff.Engine;

namespace Skiff.Components.Tests.Running;

/// <summary>The handle table against the plainest thing that behaves as the specification says.</summary>
public sealed class HandleTableTests
{
    private static readonly HostResourceType One = new("test:a/b@0.1.0", "one");
    private static readonly HostResourceType Two = new("test:a/b@0.1.0", "two");

    public static TheoryData<int> Seeds => new(Enumerable.Range(0, 20));

    [Theory]
    [MemberData(nameof(Seeds))]
    public void It_behaves_as_a_dictionary_with_a_stack_of_free_indices(int seed)
    {
        var random = new Random(seed);
        var table = new HandleTable();
        var model = new Dictionary<uint, (HostResourceType Type, uint Number, bool IsOwn, int Lends)>();
        var free = new Stack<uint>();
        var highest = 0u;
        var scope = new CallScope();
        var lent = new List<uint>();
        for (var step = 0; step < 3000; step++)
        {
            var index = (uint)random.Next(0, (int)highest + 2);
            var type = random.Next(2) == 0 ? One : Two;
            switch (random.Next(6))
            {
                case 0 or 1:
                    var isOwn = random.Next(4) > 0;
                    var added = table.Add(type, isOwn ? HandleKind.Own : HandleKind.Borrow, null, (uint)step, null);
                    Assert.Equal(free.Count > 0 ? free.Pop() : ++highest, added);
                    model.Add(added, (type, (uint)step, isOwn, 0));
                    break;
                case 2:
                    if (Allowed(() => table.Drop(index, type), model.TryGetValue(index, out var dropped) && dropped.Type == type && dropped.Lends == 0))
                    {
                        model.Remove(index);
                        free.Push(index);
                    }

                    break;
                case 3:
                    if (Allowed(() => table.TakeOwn(index, type), model.TryGetValue(index, out var taken) && taken is { IsOwn: true, Lends: 0 } && taken.Type == type))
                    {
                        model.Remove(index);
                        free.Push(index);
                    }

                    break;
                case 4:
                    if (Allowed(() => scope.Lend(table, index, type), model.TryGetValue(index, out var found) && found.Type == type))
                    {
                        model[index] = found with { Lends = found.Lends + 1 };
                        lent.Add(index);
                    }

                    break;
                default:
                    scope.EndLends();
                    lent.ForEach(given => model[given] = model[given] with { Lends = 0 });
                    lent.Clear();
                    break;
            }

            Assert.Equal(model.Count, table.Count);
        }

        foreach (var (index, entry) in model)
        {
            Assert.Equal(entry.Number, table.Get(index, entry.Type).Number);
        }
    }

    private static bool Allowed(Action action, bool expected)
    {
        var trap = Record.Exception(action);
        Assert.True(trap is null or GuestTrapException, trap?.ToString());
        Assert.Equal(expected, trap is null);
        return expected;
    }
}
