using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Names = Skiff.Guest.HostProtocol.Descriptor;

namespace Skiff.Runner.Hosting;

/// <summary>The descriptors that came with a message of the control socket, by their names. Owns them.</summary>
internal sealed class GuestDescriptors : IDisposable
{
    private readonly SafeFileHandle[] _handles;
    private readonly string[] _names;

    /// <summary>Takes a message as it came, whatever it says; <see cref="Fault"/> tells what is wrong with it.</summary>
    public GuestDescriptors(ReadOnlySpan<byte> message, IReadOnlyList<SafeFileHandle> handles)
    {
        _handles = [.. handles];
        _names = Encoding.UTF8.GetString(message).Split(',');
        Fault = Check();
    }

    /// <summary>Null when the message is one.</summary>
    public string? Fault { get; }

    /// <summary>The code, and behind it that of a component's modules.</summary>
    public IReadOnlyList<SafeFileHandle> Code => [Find(Names.Code)!, .. All(Names.Module)];

    public SafeFileHandle? Root => Find(Names.Root);

    public bool Has(string name) => Array.IndexOf(_names, name) is >= 0 and var index && index < _handles.Length;

    /// <summary>The first by this name, which is the caller's from here on; null when there is none.</summary>
    public SafeFileHandle? Take(string name)
    {
        var index = Array.IndexOf(_names, name);
        if (index < 0 || index >= _handles.Length)
        {
            return null;
        }

        var own = new SafeFileHandle(_handles[index].DangerousGetHandle(), ownsHandle: true);
        _handles[index].SetHandleAsInvalid();
        _names[index] = "";
        return own;
    }

    public static string PathOf(SafeFileHandle handle) => string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{handle.DangerousGetHandle()}");

    public void Dispose()
    {
        foreach (var handle in _handles)
        {
            handle.Dispose();
        }
    }

    public void DisposeAllBut(string name)
    {
        for (var i = 0; i < _handles.Length; i++)
        {
            if (_names[i] != name)
            {
                _handles[i].Dispose();
            }
        }
    }

    private SafeFileHandle? Find(string name) => All(name).FirstOrDefault();

    private IEnumerable<SafeFileHandle> All(string name) => _handles.Where((_, index) => _names[index] == name);

    private string? Check()
    {
        if (_names.Length != _handles.Length)
        {
            return string.Create(CultureInfo.InvariantCulture, $"a message with {_names.Length} names came with {_handles.Length} descriptors");
        }

        string[] single =
        [
            Names.Channel, Names.Code, Names.Root, Names.Network, Names.Input, Names.Output, Names.ErrorOutput,
        ];
        foreach (var group in _names.GroupBy(name => name))
        {
            if (group.Key != Names.Module && (!single.Contains(group.Key) || group.Count() > 1))
            {
                return $"a message names descriptors {string.Join(',', _names)}";
            }
        }

        return _names.Contains(Names.Channel) && _names.Contains(Names.Code) ? null : $"a message without {Names.Channel} or {Names.Code}";
    }
}
