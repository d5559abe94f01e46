using System.Xml.Linq;

namespace Skiff.Layout.Tests;

/// <summary>What the checks look at in a .csproj or .props file.</summary>
internal sealed record ProjectFile(string Path, XElement Xml)
{
    /// <summary>src, apps, tests or bench.</summary>
    public string Wing => Path.Split('/')[0];

    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>Names of the projects referenced.</summary>
    public IEnumerable<string> References => Includes("ProjectReference").Select(include => System.IO.Path.GetFileNameWithoutExtension(include.Replace('\\', '/')));

    public static ProjectFile Parse(SourceFile file) => new(file.Path, XElement.Parse(file.Text));

    public IEnumerable<string> Includes(string item) => Xml.Descendants(item).Select(element => (string?)element.Attribute("Include") ?? "");

    public bool Sets(string property) => Xml.Descendants(property).Any();
}
