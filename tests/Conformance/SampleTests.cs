using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Skiff.Harness;

namespace Skiff.Conformance;

/// <summary>Each sample's README holds its commands and what they print: here they are run, in a copy of the folder.</summary>
public sealed partial class SampleTests
{
    private static readonly string Cache = Path.Combine(Repository.Root, ".cache");

    /// <summary>What a sample needs beyond skiff → the file that shows that it is there.</summary>
    private static readonly IReadOnlyDictionary<string, string[]> Needs = new Dictionary<string, string[]>
    {
        ["c-command"] = ["/usr/bin/clang"],
        ["rust-command"] = ["/usr/bin/rustc"],
        ["c-http"] = ["/usr/bin/clang", Path.Combine(Cache, "wasm-tools/bin/wasm-tools"), Path.Combine(Cache, "wit")],
        ["js-http"] = [Path.Combine(Cache, "js/.complete"), Path.Combine(Cache, "wit")],
    };

    public static IEnumerable<TheoryDataRow<string>> Samples() => Directory
        .EnumerateDirectories(Path.Combine(Repository.Root, "samples"))
        .Select(path => new TheoryDataRow<string>(Path.GetFileName(path)));

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task A_sample_does_what_its_README_says(string sample)
    {
        var source = Path.Combine(Repository.Root, "samples", sample);
        var readme = await File.ReadAllTextAsync(Path.Combine(source, "README.md"), TestContext.Current.CancellationToken);
        var commands = Block(readme, "sh").Replace(":8080", $":{FreePort()}", StringComparison.Ordinal);
        foreach (var needed in Needs.GetValueOrDefault(sample, []))
        {
            Assert.SkipUnless(Path.Exists(needed), $"{needed} is not here: run scripts/setup.sh");
        }

        // The commands reach for ../../.cache, as they do in the repository.
        var root = Directory.CreateTempSubdirectory("skiff-samples-").FullName;
        try
        {
            File.CreateSymbolicLink(Path.Combine(root, ".cache"), Cache);
            var folder = Directory.CreateDirectory(Path.Combine(root, "samples", sample)).FullName;
            foreach (var file in Directory.EnumerateFiles(source))
            {
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            }

            var result = await RunAsync(folder, sample == "js-http" ? WithKept(folder, commands) : commands);
            // After what the guest prints, image pack says what it made.
            Assert.StartsWith(Block(readme, "text"), result.Succeeded(), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static Task<CommandResult> RunAsync(string folder, string commands)
    {
        var script = $"set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{commands}";
        var path = $"{SkiffProgram.Folder}:{Path.Combine(Cache, "wasm-tools/bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        var environment = new Dictionary<string, string?> { ["PATH"] = path, ["SKIFF_CACHE"] = SkiffProgram.Cache };
        return Command.RunAsync("bash", ["-c", script], null, environment, folder, TimeSpan.FromMinutes(5));
    }

    // Its packages are installed once, by setup.sh; and componentize-js takes half a minute, so its result is kept by what went in.
    private static string WithKept(string folder, string commands)
    {
        File.CreateSymbolicLink(Path.Combine(folder, "node_modules"), Path.Combine(Cache, "js/node_modules"));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Directory.EnumerateFiles(folder).Where(file => !file.EndsWith(".md", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            hash.AppendData(File.ReadAllBytes(file));
        }

        var kept = Path.Combine(Cache, "js/kept", $"sample-{Convert.ToHexStringLower(hash.GetHashAndReset())[..16]}.wasm");
        commands = commands.Replace("npm install --silent\n", "", StringComparison.Ordinal);
        return File.Exists(kept)
            ? commands.Replace("node build.mjs\n", $"cp {kept} app.wasm\n", StringComparison.Ordinal)
            : commands.Replace("node build.mjs\n", $"node build.mjs\nmkdir -p {Path.GetDirectoryName(kept)}\ncp app.wasm {kept}\n", StringComparison.Ordinal);
    }

    private static string Block(string readme, string language)
    {
        var match = Fence().Matches(readme).Single(match => match.Groups["language"].Value == language);
        return match.Groups["text"].Value;
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
