using System.CommandLine;
using System.Globalization;
using Skiff.Guest;
using Skiff.Linux;

namespace Skiff.Cli.Commands;

/// <summary><c>skiff cache</c>: what is in it, and making it smaller.</summary>
internal static class CacheCommand
{
    public static Command Create() => new("cache", "Look at the compiled code that is kept, or remove some") { List(), Prune() };

    private static Command List()
    {
        var folder = CacheLocation.Option();
        var command = new Command("list", "List the entries, the longest unused first") { folder };
        command.SetAction(parsed => Guarded(() =>
        {
            var cache = CacheLocation.Open(parsed.GetValue(folder));
            long total = 0;
            foreach (var item in cache.List())
            {
                total += item.Bytes;
                Console.Out.Write(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{item.Digest} {CompileCommand.Word(item.Kind),-9} {item.Bytes,12} bytes, last used {item.LastUsed:u}\n"));
            }

            Console.Out.Write(string.Create(CultureInfo.InvariantCulture, $"{cache.Folder}: {total} bytes\n"));
        }));
        return command;
    }

    private static Command Prune()
    {
        var folder = CacheLocation.Option();
        var keep = new Option<string?>("--keep") { Description = "Bytes to keep of what was used last (default: none)", HelpName = "SIZE" };
        var command = new Command("prune", "Remove entries; containers that run keep what they have") { folder, keep };
        command.SetAction(parsed => Guarded(() =>
        {
            var cache = CacheLocation.Open(parsed.GetValue(folder));
            if (!Directory.Exists(cache.Folder))
            {
                Console.Out.Write($"{cache.Folder} is empty\n");
                return;
            }

            using var held = FileLock.Acquire(cache.CleaningLockPath);
            var freed = cache.Clean(parsed.GetValue(keep) is { } size ? Quantity.Bytes(size) : 0);
            Console.Out.Write(string.Create(CultureInfo.InvariantCulture, $"{freed} bytes removed from {cache.Folder}\n"));
        }));
        return command;
    }

    private static int Guarded(Action work)
    {
        try
        {
            work();
            return 0;
        }
        catch (Exception fault) when (fault is GuestException or IOException or UnauthorizedAccessException)
        {
            Outcome.Complain(fault.Message);
            return 1;
        }
    }
}
