using System.CommandLine;
using Skiff.Guest;

namespace Skiff.Cli;

/// <summary><c>--limit NAME=N</c> of the commands that run a guest: the words of <see cref="GuestBounds"/>.</summary>
internal static class LimitOption
{
    // How many requests it works on at once has an option of its own (serve --max-in-flight).
    private static readonly string[] Names = [.. GuestBounds.Names.Except([GuestBounds.InFlightWord])];

    public static Option<string[]> Create() => new("--limit")
    {
        Description = $"What the guest may have at most: {string.Join(", ", Names)}",
        HelpName = "NAME=N",
    };

    /// <exception cref="GuestException">An item is not written so, or names what is no limit.</exception>
    public static GuestBounds Read(ParseResult parsed, Option<string[]> option) =>
        (parsed.GetValue(option) ?? []).Aggregate(GuestBounds.None, With).Or(GuestBounds.Default);

    private static GuestBounds With(GuestBounds bounds, string item)
    {
        var equals = item.IndexOf('=', StringComparison.Ordinal);
        return equals <= 0 || item[..equals] == GuestBounds.InFlightWord
            ? throw new GuestException($"--limit {item}: write NAME=N with one of {string.Join(", ", Names)}")
            : bounds.With(item[..equals], item[(equals + 1)..]);
    }
}
