using Skiff.Engine;
using Skiff.Guest;

namespace Skiff.Runner;

/// <summary>Turns the words of a command line into the arguments of an export.</summary>
internal static class ExportArguments
{
    public static WasmValue[] Parse(ModuleExport export, IReadOnlyList<string> words)
    {
        var type = export.Function!;
        if (words.Count != type.Parameters.Count)
        {
            throw new GuestException($"{export.Name} takes {type.Parameters.Count} arguments ({type}), not {words.Count}");
        }

        var values = new WasmValue[words.Count];
        for (var i = 0; i < values.Length; i++)
        {
            if (!WasmValue.TryParse(words[i], type.Parameters[i], out values[i]))
            {
                throw new GuestException($"'{words[i]}' is not a value for parameter {i + 1} of {export.Name} ({type})");
            }
        }

        return values;
    }
}
