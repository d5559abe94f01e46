using System.Runtime.CompilerServices;

namespace Skiff.WitBindings.Tests;

/// <summary>Files of the repository, and what setup.sh has fetched beside them.</summary>
internal static class Sources
{
    public static string Path(string path, [CallerFilePath] string here = "") =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(Root(here), path));

    // The nearest folder above the test programs' that is the repository: sources are compiled with paths that need not exist here.
    private static string Root(string here)
    {
        foreach (var start in new[] { AppContext.BaseDirectory, System.IO.Path.GetDirectoryName(here)! })
        {
            for (var folder = start; folder is not null; folder = System.IO.Path.GetDirectoryName(folder))
            {
                if (File.Exists(System.IO.Path.Combine(folder, "Skiff.slnx")))
                {
                    return folder;
                }
            }
        }

        throw new DirectoryNotFoundException("no folder above this program holds Skiff.slnx");
    }
}
