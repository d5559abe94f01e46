using Skiff.Components.Binary;

namespace Skiff.Components.Linking;

/// <summary>
/// The index spaces of one component body or type body that is being evaluated (Explainer.md, "Index Spaces"). What lies in them is
/// resolved: <see cref="CoreItem"/>, <see cref="CoreModuleBinary"/>, <see cref="Exports"/>, <see cref="PlannedFunction"/>,
/// <see cref="ComponentClosure"/>, and of types those of the type model or <see cref="ScopeClosure"/>.
/// </summary>
/// <param name="parent">The scope where this one's body was defined, to which outer aliases lead.</param>
/// <param name="instance">The component instance that the body makes; null for a type's body.</param>
internal sealed class Scope(Scope? parent, StaticInstance? instance)
{
    private readonly List<object?>?[] _spaces = new List<object?>?[(int)Sort.Instance + 1];

    public Scope? Parent { get; } = parent;

    /// <summary>Canonical definitions and instantiations, which need it, are in component bodies only.</summary>
    public StaticInstance Instance => instance ?? throw new ComponentException("a definition of a component stands in a type");

    public void Add(Sort sort, object? item) => (_spaces[(int)sort] ??= []).Add(item);

    /// <exception cref="ComponentException">There is no such item yet.</exception>
    public object? Get(Sort sort, int index, int offset)
    {
        var space = _spaces[(int)sort];
        return space is not null && index < space.Count
            ? space[index]
            : throw new ComponentException(offset, $"{Name(sort)} {index} is not defined");
    }

    /// <exception cref="ComponentException">There is no such item, or it is of another kind.</exception>
    public T Get<T>(Sort sort, int index, int offset, string what)
        where T : class => Get(sort, index, offset) as T
        ?? throw new ComponentException(offset, $"{Name(sort)} {index} is not {what}");

    public static string Name(Sort sort) => sort switch
    {
        Sort.CoreFunction => "core function",
        Sort.CoreTable => "core table",
        Sort.CoreMemory => "core memory",
        Sort.CoreGlobal => "core global",
        Sort.CoreTag => "core tag",
        Sort.CoreType => "core type",
        Sort.CoreModule => "core module",
        Sort.CoreInstance => "core instance",
        _ => sort.ToString().ToLowerInvariant(),
    };
}

/// <summary>Something that has a name: an export, or an argument.</summary>
internal readonly record struct Item(Sort Sort, object? Value);

/// <summary>What an instance exports: all that there is of one. Core instances too.</summary>
internal sealed class Exports
{
    private readonly OrderedDictionary<string, Item> _items = new(StringComparer.Ordinal);

    /// <summary>In the order in which they were added.</summary>
    public IReadOnlyList<KeyValuePair<string, Item>> Items => _items;

    /// <exception cref="ComponentException">The name is there already.</exception>
    public void Add(int offset, string name, Item item)
    {
        if (!_items.TryAdd(name, item))
        {
            throw new ComponentException(offset, $"'{name}' is exported twice");
        }
    }

    public Item? Find(string name) => _items.TryGetValue(name, out var item) ? item : null;
}

/// <summary>A component definition with the scope that it sees: outer aliases refer to where it was defined.</summary>
internal sealed record ComponentClosure(ComponentSyntax Syntax, Scope Scope);

/// <summary>The type of a component or an instance, with the scope that it sees.</summary>
internal sealed record ScopeClosure(ScopeSyntax Syntax, Scope Scope);
