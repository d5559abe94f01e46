using System.Formats.Tar;
using System.Text;
using Skiff.Guest;
using Skiff.Oci.Image;

namespace Skiff.Images.Tests.Pack;

/// <summary>An image layout read back, with every blob held to its name.</summary>
internal sealed class PackedLayout
{
    private readonly Dictionary<string, byte[]> _files = [];

    public PackedLayout(byte[] tar)
    {
        foreach (var (entry, content) in Entries(tar))
        {
            Names.Add(entry.Name);
            Assert.Equal(DateTimeOffset.UnixEpoch, entry.ModificationTime);
            Assert.Equal((0, 0), (entry.Uid, entry.Gid));
            if (entry.EntryType == TarEntryType.RegularFile)
            {
                _files.Add(entry.Name, content);
            }
        }

        foreach (var (name, content) in _files.Where(file => file.Key.StartsWith("blobs/sha256/", StringComparison.Ordinal)))
        {
            Assert.Equal(name["blobs/sha256/".Length..], ContentDigest.Of(content));
        }

        Index = ImageIndex.Parse(_files["index.json"]);
        ManifestDescriptor = Assert.Single(Index.Manifests);
        Manifest = ImageManifest.Parse(Blob(ManifestDescriptor));
        Layer = Assert.Single(Manifest.Layers);
    }

    public List<string> Names { get; } = [];

    public ImageIndex Index { get; }

    public Descriptor ManifestDescriptor { get; }

    public ImageManifest Manifest { get; }

    public Descriptor Layer { get; }

    public string Config => Encoding.UTF8.GetString(Blob(Manifest.Config));

    public string File(string name) => Encoding.UTF8.GetString(_files[name]);

    public byte[] Blob(Descriptor descriptor)
    {
        var content = _files["blobs/" + descriptor.Digest.Replace(':', '/')];
        Assert.Equal(descriptor.Size, content.Length);
        return content;
    }

    public static List<(TarEntry Entry, byte[] Content)> Entries(byte[] tar)
    {
        using var reader = new TarReader(new MemoryStream(tar));
        var entries = new List<(TarEntry, byte[])>();
        while (reader.GetNextEntry() is { } entry)
        {
            var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            entries.Add((entry, content.ToArray()));
        }

        return entries;
    }
}
