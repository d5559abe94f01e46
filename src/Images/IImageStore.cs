using Skiff.Oci.Image;

namespace Skiff.Images;

/// <summary>What is asked of containerd: records of containers and images, and blobs by digest.</summary>
public interface IImageStore
{
    /// <exception cref="ImageException">There is no such container, or the store cannot be asked.</exception>
    Task<ContainerRecord> GetContainerAsync(string id, CancellationToken cancellation);

    /// <summary>Descriptor of the index or manifest that the image's name stands for.</summary>
    /// <exception cref="ImageException">There is no such image, or the store cannot be asked.</exception>
    Task<Descriptor> GetTargetAsync(string image, CancellationToken cancellation);

    /// <summary>The whole blob; its size and digest are those of the descriptor.</summary>
    /// <param name="bytesMax">A blob of more bytes is refused before it is read.</param>
    /// <exception cref="ImageException">The blob is missing, too large, or not what the descriptor says.</exception>
    Task<byte[]> ReadAsync(Descriptor blob, long bytesMax, CancellationToken cancellation);
}

/// <summary>containerd's record of a container, as far as it leads to a module.</summary>
/// <param name="Image">Name of the image; empty when the container was made from a bare rootfs.</param>
/// <param name="Spec">The OCI runtime spec as JSON; empty when the record has none.</param>
public sealed record ContainerRecord(string Image, ReadOnlyMemory<byte> Spec);
