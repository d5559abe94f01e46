using System.Collections.Generic;
using Skiff.WitBindings.Syntax;

namespace Skiff.WitBindings.Model;

/// <summary>Where a type comes from and what C# calls it.</summary>
internal sealed class TypeName(InterfaceModel owner, string label, string docs, Place place)
{
    public InterfaceModel Interface { get; } = owner;

    public string Label { get; } = label;

    public string Docs { get; } = docs;

    public Place Place { get; } = place;

    /// <summary>Unique in the package: with the interface's name before it where two interfaces declare the same label.</summary>
    public string CSharp { get; set; } = Naming.Pascal(label);
}

internal sealed class ResourceModel(TypeName name)
{
    public TypeName Name { get; } = name;

    /// <summary>The C# interface.</summary>
    public string CSharpInterface => "I" + Name.CSharp;

    /// <summary>The static field with its <c>HostResourceType</c>.</summary>
    public string TypeField => Naming.Pascal(Name.Label) + "Resource";
}

internal sealed record ParameterModel(string Label, WitType Type);

/// <param name="WitName">As a guest imports it, e.g. <c>[method]output-stream.write</c>.</param>
/// <param name="Parameters">With <c>self</c>.</param>
internal sealed record FunctionModel(
    string WitName,
    string Label,
    FunctionKind Kind,
    ResourceModel? Resource,
    IReadOnlyList<ParameterModel> Parameters,
    WitType? Result,
    bool Suspends,
    string Docs);

/// <summary>An interface, resolved.</summary>
internal sealed class InterfaceModel(PackageName package, InterfaceSyntax syntax, string csharpNamespace, bool isReferenceOnly)
{
    public PackageName Package { get; } = package;

    public InterfaceSyntax Syntax { get; } = syntax;

    public string WitName { get; } = package.Version is null
        ? $"{package.Namespace}:{package.Name}/{syntax.Name}"
        : $"{package.Namespace}:{package.Name}/{syntax.Name}@{package.Version}";

    public string Namespace { get; } = csharpNamespace;

    /// <summary>Its C# lives in another assembly.</summary>
    public bool IsReferenceOnly { get; } = isReferenceOnly;

    /// <summary>A world of its package exports it and none imports it: guests implement it, not the host.</summary>
    public bool IsExport { get; set; }

    public string CSharpClass => Naming.Pascal(Syntax.Name) + "Interface";

    /// <summary>The C# interface of the free functions, constructors and statics.</summary>
    public string CSharpInterface { get; set; } = "I" + Naming.Pascal(syntax.Name);

    /// <summary>Those that others are made of come first.</summary>
    public List<INamedType> Types { get; } = [];

    public List<ResourceModel> Resources { get; } = [];

    public List<FunctionModel> Functions { get; } = [];
}
