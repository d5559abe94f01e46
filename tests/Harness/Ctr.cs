namespace Skiff.Harness;

/// <summary>containerd's own command line, of the version under test.</summary>
internal sealed class Ctr(Containerd node)
{
    public const string Skiff = "io.containerd.skiff.v1";
    /// <summary>Isolation node, whatever the run as a whole asks for.</summary>
    public const string SkiffNode = "io.containerd.skiffnode.v1";

    public const string Runc = "io.containerd.runc.v2";

    public Task<CommandResult> TryAsync(params string[] arguments) => TryInAsync(node.Namespace, arguments);

    public Task<CommandResult> TryInAsync(string containerdNamespace, params string[] arguments) =>
        Command.RunAsync(node.Version.Ctr, ["--address", node.Socket, "--namespace", containerdNamespace, .. arguments.Select(Named)]);

    public async Task<string> RunAsync(params string[] arguments) => (await TryAsync(arguments)).Succeeded();

    /// <summary><c>ctr run --rm</c> of the guests' image with a container name of its own.</summary>
    /// <param name="arguments">The container's arguments; words before a lone <c>--</c> are options of ctr.</param>
    public Task<CommandResult> RunGuestAsync(params string[] arguments) => RunGuestAsync(null, arguments);

    public Task<CommandResult> RunGuestAsync(string? input, string[] arguments, string runtime = Skiff)
    {
        var split = Array.IndexOf(arguments, "--");
        var options = split < 0 ? [] : arguments[..split];
        var command = GuestCommand(runtime, options, arguments[(split + 1)..]);
        return Command.RunAsync(command[0], command[1..], input);
    }

    /// <summary>The words of <c>ctr run --rm</c> for the guests' image, for a shell to run.</summary>
    public string[] GuestCommand(params string[] arguments) => GuestCommand(Skiff, [], arguments);

    private string[] GuestCommand(string runtime, string[] options, string[] arguments) =>
    [
        node.Version.Ctr, "--address", node.Socket, "--namespace", node.Namespace, "run", "--rm", "--runtime", Named(runtime),
        .. options, Images.Guests, Names.Next(), .. arguments,
    ];

    private static string Named(string word) => word == Skiff ? Repository.Runtime : word;
}
