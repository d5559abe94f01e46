using Skiff.Components.Abi;
using Skiff.Components.Types;
using Skiff.Components.Wave;
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

    /// <summary>One word each, as <see cref="WaveReader"/> takes it; a string may also stand without quotes.</summary>
    public static ComponentValue[] Parse(string name, Components.Types.FunctionType type, IReadOnlyList<string> words)
    {
        if (words.Count != type.Parameters.Count)
        {
            throw new GuestException($"{name} takes {type.Parameters.Count} arguments ({type}), not {words.Count}");
        }

        var values = new ComponentValue[words.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = type.Parameters[i];
            try
            {
                values[i] = parameter.Type == PrimitiveType.String && !words[i].StartsWith('"')
                    ? ComponentValue.String(words[i])
                    : WaveReader.Read(words[i], parameter.Type);
            }
            catch (FormatException fault)
            {
                throw new GuestException($"'{words[i]}' is not a value for the parameter {parameter.Name} of {name} ({type}): {fault.Message}", fault);
            }
        }

        return values;
    }
}
