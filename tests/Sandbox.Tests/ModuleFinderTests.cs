using System.Text;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox.Tests;

public sealed class ModuleFinderTests : IDisposable
{
    private static readonly byte[] Module = [.. "\0asm\x01\0\0\0"u8];
    private static readonly byte[] Elf = [.. "\u007fELF\x02\x01\x01\0"u8];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("skiff-finder-");
    private readonly List<MountSpec> _mounts = [];

    public ModuleFinderTests() => Directory.CreateDirectory(Root);

    private string Root => Path.Combine(_folder.FullName, "rootfs");

    public void Dispose() => _folder.Delete(recursive: true);

    private void Put(string path, byte[] content, string? below = null)
    {
        var file = Path.Combine(below ?? Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
    }

    private void Link(string path, string target) => File.CreateSymbolicLink(Path.Combine(Root, path), target);

    private (string Path, string? Export, ProgramFormat Format)? Find(string argument, string cwd = "/", params IReadOnlyList<string> env)
    {
        var finder = new ModuleFinder(Root, _mounts, path => Path.GetFullPath(path, _folder.FullName));
        using var found = finder.Find(new ProcessSpec { Cwd = cwd, Args = [argument], Env = env });
        return found is null ? null : (found.Path, found.Export, found.Format);
    }

    private SandboxException Refused(string argument) => Assert.Throws<SandboxException>(() => Find(argument));

    [Theory]
    [InlineData("/app.wasm", "/", "/app.wasm", null)]
    [InlineData("/app.wasm#run", "/", "/app.wasm", "run")]
    [InlineData("./app.wasm", "/", "/./app.wasm", null)]
    [InlineData("app.wasm", "/", "/app.wasm", null)]
    [InlineData("../app.wasm", "/deep/er", "/deep/er/../app.wasm", null)]
    [InlineData("../../../../app.wasm", "/deep", "/deep/../../../../app.wasm", null)]
    public void A_module_is_found_by_path_or_in_the_working_directory(string argument, string cwd, string path, string? export)
    {
        Put("app.wasm", Module);
        Put("deep/app.wasm", Module);
        Put("deep/er/x", []);
        Assert.Equal((path, export, ProgramFormat.Wasm), Find(argument, cwd));
    }

    [Fact]
    public void A_bare_name_is_searched_in_PATH_before_the_working_directory()
    {
        Put("usr/lib/wasm/app", Module);
        Put("srv/app", Elf);
        Assert.Equal(("/usr/lib/wasm/app", null, ProgramFormat.Wasm), Find("app", "/srv", "PATH=/bin:/usr/lib/wasm"));
        Assert.Equal(("/srv/app", null, ProgramFormat.Native), Find("app", "/srv", "PATH=/bin"));
        Assert.Equal(("/srv/app", null, ProgramFormat.Native), Find("app", "/srv", "PATH="));
        Assert.Null(Find("app", "/", "PATH=/bin"));
    }

    [Fact]
    public void A_file_whose_name_holds_the_mark_comes_before_an_export()
    {
        Put("a#b", Elf);
        Put("a", Module);
        Assert.Equal(("/a#b", null, ProgramFormat.Native), Find("/a#b"));
        Assert.Equal(("/a", "c", ProgramFormat.Wasm), Find("/a#c"));
    }

    [Fact]
    public void Links_stay_inside_the_rootfs()
    {
        File.WriteAllBytes(Path.Combine(_folder.FullName, "secret.wasm"), Module);
        Put("real/app.wasm", Module);
        Link("up.wasm", "../secret.wasm");
        Link("absolute.wasm", Path.Combine(_folder.FullName, "secret.wasm"));
        Link("etc", "/etc");
        Link("good.wasm", "/real/app.wasm");
        Link("loop", "loop");
        Link("self", ".");
        Link("magic", "/proc/self/exe");

        Assert.Null(Find("/up.wasm"));
        Assert.Null(Find("/absolute.wasm"));
        Assert.Null(Find("/etc/passwd"));
        Assert.Null(Find("/loop"));
        Assert.Null(Find("/magic"));
        Assert.Null(Find("/../../../../../../etc/passwd"));
        Assert.NotNull(Find("/good.wasm"));
        Assert.NotNull(Find("/" + string.Concat(Enumerable.Repeat("self/", 30)) + "real/app.wasm"));
        Assert.Null(Find("/" + string.Concat(Enumerable.Repeat("self/", 100)) + "real/app.wasm"));
    }

    [Fact]
    public void What_is_no_regular_file_is_not_opened()
    {
        Assert.Equal(0, Mkfifo(Path.Combine(Root, "fifo")));
        Directory.CreateDirectory(Path.Combine(Root, "folder"));
        Link("null", "/dev/null");
        Assert.Null(Find("/fifo"));
        Assert.Null(Find("/folder"));
        Assert.Null(Find("/null"));
        Assert.Null(Find("/"));
        Assert.Null(Find("."));
    }

    [Fact]
    public void Huge_names_and_paths_are_not_there()
    {
        Assert.Null(Find("/" + new string('a', 300)));
        Assert.Null(Find("/" + new string('a', 100_000)));
        Assert.Null(Find(string.Concat(Enumerable.Repeat("../", 100_000))));
        Assert.Null(Find(new string('ü', 4000)));
    }

    [Fact]
    public void A_PATH_without_end_is_refused_after_a_while()
    {
        var fault = Assert.Throws<SandboxException>(() => Find("app", "/", "PATH=" + new string(':', 1_000_000)));
        Assert.Equal(SandboxFault.InvalidArgument, fault.Fault);
        Assert.Contains("PATH", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_leads_from_the_rootfs_into_a_mount_and_back()
    {
        Put("image.wasm", Elf);
        Put("volume/..one/app.wasm", Module, _folder.FullName);
        Put("opt/x", []);
        foreach (var (link, target) in new[] { ("..data", "..one"), ("app.wasm", "/data/..data/app.wasm"), ("back.wasm", "../image.wasm"), ("out", "../../secret.wasm") })
        {
            File.CreateSymbolicLink(Path.Combine(_folder.FullName, "volume", link), target);
        }

        File.WriteAllBytes(Path.Combine(_folder.FullName, "secret.wasm"), Module);
        _mounts.Add(new MountSpec { Destination = "/data", Type = "bind", Source = Path.Combine(_folder.FullName, "volume"), Options = ["rbind"] });
        _mounts.Add(new MountSpec { Destination = "/tmp", Type = "tmpfs", Source = "tmpfs" });
        Link("app.wasm", "data/app.wasm");
        Link("opt/app", "../data/..data");
        Link("away", "/tmp/x");
        Link("secret", "/data/out");
        Link("host", "/data/../secret.wasm");
        Link("ring", "/data/ring");
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "volume", "ring"), "/ring");

        Assert.Equal(("/app.wasm", "run", ProgramFormat.Wasm), Find("/app.wasm#run"));
        Assert.Equal(("/opt/app/app.wasm", null, ProgramFormat.Wasm), Find("app/app.wasm", "/opt"));
        Assert.Equal(("/data/back.wasm", null, ProgramFormat.Native), Find("/data/back.wasm"));
        Assert.Equal(("/opt/app/app.wasm", null, ProgramFormat.Wasm), Find("app.wasm", "/", "PATH=/bin:/opt/app"));
        Assert.Null(Find("/away"));
        Assert.Null(Find("/secret"));
        Assert.Null(Find("/host"));
        Assert.Null(Find("/ring"));
    }

    [Fact]
    public void A_bind_mount_covers_the_rootfs()
    {
        Put("data/app.wasm", Elf);
        Put("volume/app.wasm", Module, _folder.FullName);
        Put("volume/sub/deep.wasm", Module, _folder.FullName);
        Put("single.wasm", Module, _folder.FullName);
        _mounts.Add(new MountSpec { Destination = "/data", Type = "bind", Source = Path.Combine(_folder.FullName, "volume"), Options = ["rbind"] });
        _mounts.Add(new MountSpec { Destination = "/data/sub/", Source = "nothing", Options = ["bind"] });
        _mounts.Add(new MountSpec { Destination = "/one/file.wasm", Source = "single.wasm", Options = ["bind"] });
        _mounts.Add(new MountSpec { Destination = "/tmp", Type = "tmpfs", Source = "tmpfs" });

        Assert.Equal(ProgramFormat.Wasm, Find("/data/app.wasm")?.Format);
        Assert.Equal(ProgramFormat.Wasm, Find("/data/../data/app.wasm")?.Format);
        Assert.Null(Find("/data/sub/deep.wasm"));
        Assert.Equal(ProgramFormat.Wasm, Find("/one/file.wasm")?.Format);
        Assert.Null(Find("/one/file.wasm/x"));
        Put("tmp/app.wasm", Module);
        Assert.Null(Find("/tmp/app.wasm"));
        Put("database/app.wasm", Module);
        Assert.NotNull(Find("/database/app.wasm"));
    }

    [Fact]
    public void Of_two_mounts_on_one_place_the_later_is_seen()
    {
        Put("first/app", Elf, _folder.FullName);
        Put("second/app", Module, _folder.FullName);
        _mounts.Add(new MountSpec { Destination = "/m", Source = "first", Options = ["bind"] });
        _mounts.Add(new MountSpec { Destination = "/m", Source = "second", Options = ["bind"] });
        Assert.Equal(ProgramFormat.Wasm, Find("/m/app")?.Format);
    }

    [Fact]
    public void Links_of_a_volume_stay_inside_it_and_those_of_kubernetes_work()
    {
        Put("volume/..2026/app.wasm", Module, _folder.FullName);
        Put("outside.wasm", Module, _folder.FullName);
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "volume/..data"), "..2026");
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "volume/app.wasm"), "..data/app.wasm");
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "volume/out.wasm"), "../outside.wasm");
        _mounts.Add(new MountSpec { Destination = "/config", Source = "volume", Options = ["bind"] });
        Assert.NotNull(Find("/config/app.wasm"));
        Assert.Null(Find("/config/out.wasm"));
    }

    [Fact]
    public void A_file_that_is_no_program_is_refused_by_path_and_first_bytes()
    {
        Put("empty", []);
        Put("cut", [0, (byte)'a', (byte)'s', (byte)'m', 1]);
        Put("zip", "PK\x03\x04"u8.ToArray());
        Put("text", "hello"u8.ToArray());
        Assert.Contains("/empty is no program: the file is empty", Refused("/empty").Message, StringComparison.Ordinal);
        Assert.Contains("/cut is no program: a Wasm file cut off after 5 bytes (0061736d01)", Refused("/cut").Message, StringComparison.Ordinal);
        Assert.Contains("it begins with the bytes 504b0304", Refused("/zip").Message, StringComparison.Ordinal);
        Assert.Equal(SandboxFault.InvalidArgument, Refused("/text").Fault);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData("app.wasm#")]
    public void An_argument_that_names_nothing_is_refused(string argument) =>
        Assert.Equal(SandboxFault.InvalidArgument, Refused(argument).Fault);

    [Fact]
    public void No_argument_at_all_is_refused()
    {
        var finder = new ModuleFinder(Root, [], path => path);
        Assert.Throws<SandboxException>(() => finder.Find(new ProcessSpec { Cwd = "/" }));
    }

    [Theory]
    [InlineData("(module)", "Wasm")]
    [InlineData("(component $c)", "Wasm")]
    [InlineData(" \r\n\t;; licence\n(; block (; nested ;) ;)(module", "Wasm")]
    [InlineData("(modules)", "Unknown")]
    [InlineData("(; no end (module)", "Unknown")]
    [InlineData(";; no line end", "Unknown")]
    [InlineData("(mod", "Unknown")]
    [InlineData("#!/bin/sh\n", "Native")]
    [InlineData("#", "Unknown")]
    [InlineData("\u007fELF", "Native")]
    [InlineData("\u007fEL", "Unknown")]
    [InlineData("\0asm\u0001\0\0\0", "Wasm")]
    [InlineData("\0asm\r\0\u0001\0", "Wasm")]
    [InlineData("\0as", "Unknown")]
    public void Formats_are_told_from_the_first_bytes(string head, string format) =>
        Assert.Equal(format, ProgramFormats.Detect(Encoding.UTF8.GetBytes(head)).ToString());

    [Fact]
    public void Random_trees_lead_nobody_out()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        File.WriteAllBytes(Path.Combine(_folder.FullName, "secret"), Elf);
        string[] pieces = ["a", "b", "c", "..", ".", "", "secret", "rootfs", _folder.FullName.TrimStart('/')];
        string RandomPath() => (random.Next(2) == 0 ? "/" : "") + string.Join('/', Enumerable.Range(0, random.Next(1, 6)).Select(_ => pieces[random.Next(pieces.Length)]));
        foreach (var name in (string[])["a", "b", "c"])
        {
            Link(name, RandomPath() is { Length: > 0 } target ? target : "a");
        }

        for (var round = 0; round < 500; round++)
        {
            var path = "/" + RandomPath();
            Assert.True(Find(path) is null, $"seed {seed}: {path} was found, and the rootfs holds no file");
        }
    }

    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "mkfifo", CharSet = System.Runtime.InteropServices.CharSet.Ansi, BestFitMapping = false)]
    private static extern int MkfifoCall([System.Runtime.InteropServices.MarshalAs(System.Runtime.InteropServices.UnmanagedType.LPUTF8Str)] string path, uint mode);

    private static int Mkfifo(string path) => MkfifoCall(path, 0x1B6);
}
