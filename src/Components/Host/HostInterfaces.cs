using Skiff.Components.Linking;

namespace Skiff.Components.Host;

/// <summary>What a host offers to the components that are linked with it. Filled once, then shared by any number of them.</summary>
public sealed class HostInterfaces
{
    private readonly List<Entry> _entries = [];

    /// <summary>Offers an interface; a second version of one track stands beside the first.</summary>
    /// <param name="implementation">
    /// Maps the state object of a <see cref="Runtime.ComponentInstance"/> to the C# object that implements the interface's free functions,
    /// constructors and statics; asked once per instance, on first use. Null for an interface whose functions are all methods or dynamic.
    /// </param>
    /// <exception cref="ArgumentException">An interface of this name is there already.</exception>
    public HostInterfaces Add(HostInterface definition, Func<object, object>? implementation = null)
    {
        if (_entries.Exists(entry => entry.Definition.Name == definition.Name))
        {
            throw new ArgumentException($"the interface {definition.Name} is defined twice", nameof(definition));
        }

        _entries.Add(new Entry(_entries.Count, definition, InterfaceName.Parse(definition.Name), implementation));
        return this;
    }

    /// <summary>Whether an interface that serves an import of this name is there; its functions are not looked at.</summary>
    public bool Offers(string name) => Find(name) is not null;

    internal int Count => _entries.Count;

    /// <summary>
    /// The interface that serves an import: the same name, else the highest version of its track, whether newer or older than what
    /// the guest asks for. Null if there is none.
    /// </summary>
    internal Entry? Find(string name)
    {
        if (_entries.Find(entry => entry.Definition.Name == name) is { } exact)
        {
            return exact;
        }

        var wanted = InterfaceName.Parse(name);
        Entry? best = null;
        foreach (var entry in _entries)
        {
            if (entry.Name.Serves(wanted) && (best is null || InterfaceName.CompareVersions(entry.Name.Version, best.Name.Version) > 0))
            {
                best = entry;
            }
        }

        return best;
    }

    internal object Implementation(int index, object state)
    {
        var entry = _entries[index];
        return (entry.Implementation ?? throw new InvalidOperationException($"the interface {entry.Definition} was added without implementation"))(state);
    }

    internal sealed record Entry(int Index, HostInterface Definition, InterfaceName Name, Func<object, object>? Implementation);
}
