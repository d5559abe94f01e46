using System.Text;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Tests.Preview1;

/// <summary>The guest of tests/Conformance, without a program around it: what fails here is this room's.</summary>
public sealed class SuiteTests
{
    [Fact]
    public void Every_test_of_the_Preview_1_suite_passes()
    {
        var wasm = CoreGuest.Program("p1suite.wasm");
        using var list = new CoreGuest(wasm, new WasiContext { Arguments = ["p1suite", "--list"] });
        Assert.Equal(0, list.Run());
        var failed = new List<string>();
        var rows = list.Printed.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var row in rows)
        {
            var columns = row.Split('\t');
            if (Complaint(wasm, columns[0], columns.ElementAtOrDefault(1) ?? "") is { } complaint)
            {
                failed.Add(complaint);
            }
        }

        Assert.NotEmpty(rows);
        Assert.True(failed.Count == 0, $"{failed.Count} of {rows.Length}:\n{string.Join('\n', failed)}");
    }

    // The second column: "=7" an exit code, else a pattern of the trap's text; "?" before it: or the test passes.
    private static string? Complaint(byte[] wasm, string test, string expected)
    {
        using var folder = new TemporaryFolder();
        using var output = new MemoryOutputStream(1 << 20);
        using var guest = new CoreGuest(wasm, Context(folder, test) with
        {
            Stdio = new StandardStreams(new MemoryInputStream(Encoding.ASCII.GetBytes("input")), output, new DiscardingOutputStream()),
        });
        var end = guest.Start();
        var printed = Encoding.UTF8.GetString(output.ToArray()).Trim();
        if (expected.StartsWith('='))
        {
            return end?.ExitStatus?.ToString(System.Globalization.CultureInfo.InvariantCulture) == expected[1..] ? null : $"{test}: {end}";
        }

        if (end?.Trap is { } trap)
        {
            return expected.Length > 0 && System.Text.RegularExpressions.Regex.IsMatch(trap.Message, expected.TrimStart('?'))
                ? null
                : $"{test}: {trap.Message}";
        }

        return printed.EndsWith($"ok {test}", StringComparison.Ordinal) && (expected.Length == 0 || expected[0] == '?') ? null : printed;
    }

    private static WasiContext Context(TemporaryFolder root, string test)
    {
        File.WriteAllText(root["outside.txt"], "out of reach\n");
        foreach (var folder in new[] { "work", "read-only" })
        {
            Directory.CreateDirectory(root[$"{folder}/folder"]);
            File.WriteAllText(root[$"{folder}/folder/file.txt"], "file\n");
            File.WriteAllText(root[$"{folder}/hello.txt"], "hello\n");
        }

        foreach (var (link, target) in new[]
        {
            ("absolute", "/etc/passwd"), ("up", "../outside.txt"), ("above", ".."), ("loop", "loop"), ("link", "hello.txt"), ("folder-link", "folder"),
        })
        {
            File.CreateSymbolicLink(root[$"work/{link}"], target);
        }

        var other = Directory.CreateDirectory(root.InMemory);
        return new WasiContext
        {
            Arguments = ["p1suite", test],
            Environment = [new("SUITE", "a=b"), new("EMPTY", ""), new("UNICODE", "zürich")],
            Preopens =
            [
                new Preopen(root["work"], "/", false), new Preopen(root["read-only"], "/ro", true), new Preopen(other.FullName, "/other", false),
            ],
        };
    }
}
