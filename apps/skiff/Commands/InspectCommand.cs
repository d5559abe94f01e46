using System.CommandLine;
using Skiff.Guest;
using Skiff.Runner;

namespace Skiff.Cli.Commands;

/// <summary><c>skiff inspect</c>: what a file is, what it needs, and what Skiff would do with it.</summary>
internal static class InspectCommand
{
    private static readonly Argument<string> File = new("FILE") { Description = "Module or component" };
    private static readonly Option<bool> Json = new("--json") { Description = "Write JSON" };
    private static readonly Option<string?> Cache = CacheLocation.Option();

    public static Command Create()
    {
        var command = new Command("inspect", "Show what a module or component imports, exports and needs") { File, Json, Cache };
        command.SetAction(parsed =>
        {
            try
            {
                var file = LoadedFile.Read(parsed.GetValue(File)!, CodeCache.ModuleBytesMax);
                var cache = CacheLocation.Open(parsed.GetValue(Cache));
                Inspection inspection;
                using (new CompileProgress(file.Path, TimeProvider.System))
                {
                    inspection = Inspection.Of(file.Path, file.Content, cache);
                }

                using var output = Console.OpenStandardOutput();
                if (parsed.GetValue(Json))
                {
                    InspectionReport.WriteJson(file.Path, inspection, output);
                }
                else
                {
                    InspectionReport.WriteText(file.Path, inspection, output);
                }

                return 0;
            }
            catch (Exception fault) when (fault is GuestException or DamagedCodeException or IOException or UnauthorizedAccessException)
            {
                Outcome.Complain(fault.Message);
                return 1;
            }
        });
        return command;
    }
}
