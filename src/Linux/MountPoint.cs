namespace Skiff.Linux;

/// <summary>One mount, in the words of mount(8): what containerd hands over as a container's rootfs.</summary>
/// <param name="Type">File system type, e.g. <c>overlay</c>, <c>bind</c>.</param>
/// <param name="Target">Folder below the target of the whole list to mount on; empty or <c>/</c>: the target itself.</param>
/// <param name="Options">Options as fstab spells them; flags (<c>ro</c>, <c>rbind</c>, …) and data mixed.</param>
public sealed record MountPoint(string Type, string Source, string Target, IReadOnlyList<string> Options);
