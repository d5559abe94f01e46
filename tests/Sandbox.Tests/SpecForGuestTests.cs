using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Skiff.Guest;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox.Tests;

/// <summary>
/// The edits, against golden files: NAME.json becomes NAME.KIND.json. The inputs are what containerd 1.6 and CRI write, with
/// members added that nobody knows. SKIFF_GOLDEN=write writes the results anew.
/// </summary>
public sealed class SpecForGuestTests : IDisposable
{
    private readonly DirectoryInfo _bundle = Directory.CreateTempSubdirectory("skiff-spec-");

    public void Dispose() => _bundle.Delete(recursive: true);

    private Bundle Load(string name)
    {
        File.Copy(Golden($"{name}.json"), Path.Combine(_bundle.FullName, "config.json"), overwrite: true);
        return Bundle.Load(_bundle.FullName);
    }

    private static string Golden(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "Golden", name);

    private void Matches(string golden, byte[] edited)
    {
        // The bundle's path is another one in every run.
        var text = System.Text.Encoding.UTF8.GetString(edited).Replace(_bundle.FullName, "BUNDLE", StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("SKIFF_GOLDEN") == "write")
        {
            File.WriteAllText(Golden(golden), text);
        }

        Assert.Equal(File.ReadAllText(Golden(golden)), text);
    }

    [Theory]
    [InlineData("ctr")]
    [InlineData("cri")]
    public void A_wasm_container(string name)
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "the golden files name the loader of x64");
        var command = new RunCommand(CodeKind.Component, "run", ["/app.wasm", "--flag", "ünïcode \"quoted\""]);
        Matches($"{name}.wasm.json", SpecForGuest.Wasm(Load(name), new GuestRoot("/rootfs", Sealed: false), terminal: false, "/usr/lib/skiff", command));
    }

    [Theory]
    [InlineData("ctr")]
    [InlineData("cri")]
    public void A_native_container(string name) => Matches($"{name}.native.json", SpecForGuest.Native(Load(name), "/rootfs", terminal: true));

    [Fact]
    public void The_working_directory_is_told_once()
    {
        var process = """{"cwd":"/w","env":["PWD=/elsewhere"],"args":["a"]}"""u8.ToArray();
        var edited = ProcessSpec.Parse(SpecForGuest.WasmProcess(process, ProcessSpec.Parse(process), terminal: false, new RunCommand(CodeKind.Module, null, ["a"])));
        Assert.Equal(["PWD=/elsewhere"], edited.Env);

        process = """{"cwd":"/w","args":["a"]}"""u8.ToArray();
        edited = ProcessSpec.Parse(SpecForGuest.WasmProcess(process, ProcessSpec.Parse(process), terminal: true, new RunCommand(CodeKind.Module, null, ["a"])));
        Assert.Equal(["PWD=/w"], edited.Env);
        Assert.True(edited.Terminal);
    }

    [Fact]
    public void A_guests_arguments_are_never_taken_for_options()
    {
        var arguments = new RunCommand(CodeKind.Module, null, ["--gate", "--", "-x"]).ToArguments().ToList();
        Assert.Equal(["--", "--gate", "--", "-x"], arguments.Skip(arguments.IndexOf("--")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_run_program_is_told_of_baseline_code(bool baseline)
    {
        var arguments = new RunCommand(CodeKind.Module, null, ["app"]) { IsBaseline = baseline }.ToArguments().ToList();
        Assert.Equal(baseline, arguments.IndexOf("--baseline") is > 0 and var at && at < arguments.IndexOf("--"));
    }

    [Fact]
    public void Permissions_of_annotations_reach_the_run_program_before_the_guests_own_arguments()
    {
        var arguments = new RunCommand(CodeKind.Module, null, ["app", "--grant", "net=*"]) { Permissions = [new("net", "none"), new("dirs", "/a,/b:ro")] }
            .ToArguments().ToList();
        var end = arguments.IndexOf("--");
        Assert.Equal(["--grant", "net=none", "--grant", "dirs=/a,/b:ro"], arguments[6..10]);
        Assert.Equal(["app", "--grant", "net=*"], arguments[(end + 1)..]);
    }
}
