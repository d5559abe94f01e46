using System.Formats.Tar;

namespace Skiff.Images.Pack;

/// <summary>
/// Entries that depend on nothing but their name and content: root's, one time, one of two modes. ustar and not pax, whose
/// headers would hold this process's id.
/// </summary>
internal static class TarEntries
{
    private const UnixFileMode Plain =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const UnixFileMode Executable =
        Plain | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <param name="name">With a slash at its end.</param>
    public static void Folder(TarWriter tar, string name, DateTimeOffset time) =>
        Write(tar, new UstarTarEntry(TarEntryType.Directory, name) { Mode = Executable, ModificationTime = time });

    public static void File(TarWriter tar, string name, Stream content, bool executable, DateTimeOffset time) =>
        Write(tar, new UstarTarEntry(TarEntryType.RegularFile, name)
        {
            Mode = executable ? Executable : Plain,
            ModificationTime = time,
            DataStream = content,
        });

    private static void Write(TarWriter tar, UstarTarEntry entry)
    {
        try
        {
            tar.WriteEntry(entry);
        }
        catch (ArgumentException fault)
        {
            throw new ImageException($"'{entry.Name}' does not fit into a tar header: use a shorter path in the image", fault);
        }
    }
}
