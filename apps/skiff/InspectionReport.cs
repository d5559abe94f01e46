using System.Text;
using System.Text.Json;
using Skiff.Cli.Commands;
using Skiff.Runner;

namespace Skiff.Cli;

/// <summary>Writes an <see cref="Inspection"/> for people or for programs.</summary>
internal static class InspectionReport
{
    public static void WriteText(string path, Inspection inspection, Stream output)
    {
        var text = new StringBuilder();
        text.Append($"{path}: {CompileCommand.Word(inspection.Kind)}\n");
        text.Append($"  sha256:{inspection.Digest}, {(inspection.Cached ? "compiled code is in the cache" : "not in the cache")}\n");
        text.Append($"  {inspection.Verdict}\n");
        Append(text, "needs", inspection.Needs);
        Append(text, "imports", Lines(inspection.Imports, ""));
        Append(text, "exports", Lines(inspection.Exports, ""));
        output.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    public static void WriteJson(string path, Inspection inspection, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("file", path);
        json.WriteString("kind", CompileCommand.Word(inspection.Kind));
        json.WriteString("sha256", inspection.Digest);
        json.WriteBoolean("cached", inspection.Cached);
        json.WriteBoolean("runs", inspection.Runs);
        json.WriteString("verdict", inspection.Verdict);
        json.WriteStartArray("needs");
        foreach (var need in inspection.Needs)
        {
            json.WriteStringValue(need);
        }

        json.WriteEndArray();
        Write(json, "imports", inspection.Imports, withOffer: true);
        Write(json, "exports", inspection.Exports, withOffer: false);
        json.WriteEndObject();
        json.Flush();
        output.Write("\n"u8);
    }

    private static void Write(Utf8JsonWriter json, string property, IReadOnlyList<InspectedItem> items, bool withOffer)
    {
        json.WriteStartArray(property);
        foreach (var item in items)
        {
            json.WriteStartObject();
            json.WriteString("name", item.Name);
            json.WriteString("type", item.Type);
            if (withOffer)
            {
                json.WriteBoolean("offered", item.Offered);
            }

            if (item.Items.Count > 0)
            {
                Write(json, "items", item.Items, withOffer: false);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static IEnumerable<string> Lines(IReadOnlyList<InspectedItem> items, string indent)
    {
        foreach (var item in items)
        {
            yield return $"{indent}{item.Name}: {item.Type}{(item.Offered ? "" : "  (not offered)")}";
            foreach (var line in Lines(item.Items, indent + "  "))
            {
                yield return line;
            }
        }
    }

    private static void Append(StringBuilder text, string title, IEnumerable<string> lines)
    {
        var any = false;
        foreach (var line in lines)
        {
            text.Append(any ? "" : $"  {title}\n").Append($"    {line}\n");
            any = true;
        }
    }
}
