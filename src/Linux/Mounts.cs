namespace Skiff.Linux;

/// <summary>One mount, in the words of mount(8): what containerd hands over as a container's rootfs.</summary>
/// <param name="Type">File system type, e.g. <c>overlay</c>, <c>bind</c>.</param>
/// <param name="Options">Options as fstab spells them; flags (<c>ro</c>, <c>rbind</c>, …) and data mixed.</param>
public sealed record MountPoint(string Type, string Source, string Target, IReadOnlyList<string> Options);

/// <summary>mount(2) and umount2(2).</summary>
public static class Mounts
{
    /// <summary>
    /// Mounts <paramref name="mount"/> on <paramref name="target"/>. Overlay options longer than a page are passed layer by
    /// layer through the fsopen(2) family. Fails with <see cref="LinuxException"/> naming type, source and target.
    /// </summary>
    public static void Mount(MountPoint mount, string target) => throw new NotImplementedException();

    /// <summary>Unmounts everything mounted on <paramref name="target"/>, lazily and without following links; nothing there is no error.</summary>
    public static void UnmountAll(string target) => throw new NotImplementedException();
}
