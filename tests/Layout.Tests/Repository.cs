namespace Skiff.Layout.Tests;

/// <summary>The text files of this checkout, without what <c>.gitignore</c> names at the root. Read once.</summary>
internal static class Repository
{
    /// <summary>Larger files are data, not text that somebody keeps tidy.</summary>
    private const int FileBytesMax = 2 * 1024 * 1024;

    public static IReadOnlyList<SourceFile> Files { get; } = Read();

    public static IReadOnlyList<ProjectFile> Projects { get; } =
        [.. Files.Where(file => file.Path.EndsWith(".csproj", StringComparison.Ordinal)).Select(ProjectFile.Parse)];

    /// <summary>C# files below one of the folders, <c>src</c> say.</summary>
    public static IEnumerable<SourceFile> CSharp(params string[] folders) => Files.Where(file =>
        file.Path.EndsWith(".cs", StringComparison.Ordinal) && folders.Contains(file.Path.Split('/')[0]));

    public static SourceFile File(string path) => Files.Single(file => file.Path == path);

    private static List<SourceFile> Read()
    {
        var root = FindRoot();
        var ignored = System.IO.File.ReadLines(Path.Combine(root, ".gitignore"))
            .Select(line => line.Trim('/', ' '))
            .Append(".git")
            .ToHashSet(StringComparer.Ordinal);
        var files = new List<SourceFile>();
        foreach (var entry in new DirectoryInfo(root).EnumerateFileSystemInfos().Where(entry => !ignored.Contains(entry.Name)))
        {
            IEnumerable<FileInfo> found = entry is DirectoryInfo folder
                ? folder.EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
                : [(FileInfo)entry];
            foreach (var file in found.Where(file => file.Length <= FileBytesMax))
            {
                var text = System.IO.File.ReadAllText(file.FullName);
                if (!text.Contains('\0', StringComparison.Ordinal))
                {
                    files.Add(new SourceFile(Path.GetRelativePath(root, file.FullName), text));
                }
            }
        }

        return files;
    }

    private static string FindRoot()
    {
        foreach (var start in (string[])[AppContext.BaseDirectory, Environment.CurrentDirectory])
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                if (System.IO.File.Exists(Path.Combine(folder.FullName, "Skiff.slnx")))
                {
                    return folder.FullName;
                }
            }
        }

        throw new InvalidOperationException("Skiff.slnx is not above the test program nor the current folder: run the tests from the checkout.");
    }
}
