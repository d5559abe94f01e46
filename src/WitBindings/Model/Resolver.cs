using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Skiff.WitBindings.Syntax;

namespace Skiff.WitBindings.Model;

/// <param name="Namespace">Where the C# of its package is, or is to be; the package's own part is still missing.</param>
/// <param name="IsReferenceOnly">That C# is in another assembly.</param>
/// <param name="Features">Those <c>@unstable</c> features that are wanted.</param>
internal sealed record WitSource(WitFile File, string Namespace, bool IsReferenceOnly, Items<string> Features);

/// <summary>From files to interfaces with all names resolved.</summary>
internal sealed partial class Resolver
{
    private readonly Dictionary<PackageName, List<WitSource>> _packages = [];
    private readonly Dictionary<InterfaceSyntax, Scope> _scopes = [];
    private readonly List<WitProblem> _problems = [];

    private Resolver()
    {
    }

    /// <summary>All interfaces, in the order of their names; what could not be resolved is missing and has a problem.</summary>
    public static (IReadOnlyList<InterfaceModel> Interfaces, IReadOnlyList<WitProblem> Problems) Resolve(IEnumerable<WitSource> sources)
    {
        var resolver = new Resolver();
        resolver.Group([.. sources.OrderBy(source => source.File.Path, StringComparer.Ordinal)]);
        return resolver._problems.Count > 0 ? ([], resolver._problems) : (resolver.ResolveAll(), resolver._problems);
    }

    // A package may be spread over the files of a folder, of which one names it.
    private void Group(List<WitSource> sources)
    {
        foreach (var source in sources)
        {
            var package = source.File.Package
                ?? sources.Find(other => other.File.Package is not null && Folder(other) == Folder(source))?.File.Package;
            if (source.File.Problem is { } problem)
            {
                _problems.Add(problem);
            }
            else if (package is null)
            {
                _problems.Add(new WitProblem(ProblemKind.Meaning, new Place(source.File.Path, 0, 0, 0, 0), "no file of this folder names the package"));
            }
            else
            {
                if (!_packages.TryGetValue(package, out var files))
                {
                    _packages.Add(package, files = []);
                }

                files.Add(source);
            }
        }
    }

    private List<InterfaceModel> ResolveAll()
    {
        foreach (var package in _packages)
        {
            foreach (var source in package.Value)
            {
                foreach (var syntax in source.File.Interfaces.Where(item => IsEnabled(item.Gate, source)))
                {
                    var model = new InterfaceModel(package.Key, syntax, $"{source.Namespace}.{PackageNamespace(package.Key)}", source.IsReferenceOnly);
                    if (_scopes.Values.Any(scope => scope.Model.WitName == model.WitName))
                    {
                        _problems.Add(new WitProblem(ProblemKind.Meaning, syntax.Place, $"the interface '{syntax.Name}' is declared twice"));
                        continue;
                    }

                    _scopes.Add(syntax, new Scope(model, source));
                }
            }
        }

        // Name by name, so that the same text gives the same C# whatever the order of the files.
        var scopes = _scopes.Values.OrderBy(scope => scope.Model.WitName, StringComparer.Ordinal).ToList();
        scopes.ForEach(scope => Try(() => Declare(scope)));
        scopes.ForEach(ResolveScope);
        // Others' uses may have resolved them in another order. Types keep theirs: what they are made of comes first.
        scopes.ForEach(scope => scope.Model.Resources.Sort((one, other) => one.Name.Place.Offset.CompareTo(other.Name.Place.Offset)));
        MarkExports();
        var models = scopes.ConvertAll(scope => scope.Model);
        Disambiguate(models);
        return models;
    }

    // The name alone, as long as it tells the packages of the project apart; else also who made it, and which version it is.
    private string PackageNamespace(PackageName package)
    {
        var others = _packages.Keys.Where(other => other.Name == package.Name && !other.Equals(package)).ToList();
        var name = Naming.Pascal(package.Name);
        if (others.Exists(other => other.Namespace != package.Namespace))
        {
            name = Naming.Pascal(package.Namespace) + name;
        }

        return package.Version is { } version && others.Exists(other => other.Namespace == package.Namespace)
            ? name + "V" + new string([.. version.Select(letter => char.IsLetterOrDigit(letter) ? letter : '_')])
            : name;
    }

    private void ResolveScope(Scope scope)
    {
        foreach (var name in scope.Names)
        {
            Try(() => ResolveName(scope, name.Key, name.Value.Place));
        }

        foreach (var function in scope.Model.Syntax.Functions.Where(item => IsEnabled(item.Gate, scope.Source)))
        {
            Try(() => scope.Model.Functions.Add(Function(scope, function, null)));
        }

        foreach (var declaration in scope.Model.Syntax.Types.OfType<ResourceDeclaration>().Where(item => IsEnabled(item.Gate, scope.Source)))
        {
            foreach (var function in declaration.Functions.Where(item => IsEnabled(item.Gate, scope.Source)))
            {
                Try(() => scope.Model.Functions.Add(Function(scope, function, ResolveName(scope, declaration.Name, declaration.Place).Resource)));
            }
        }

        foreach (var same in scope.Model.Functions.GroupBy(function => function.WitName).Where(group => group.Count() > 1))
        {
            _problems.Add(new WitProblem(ProblemKind.Meaning, scope.Model.Syntax.Place, $"the function '{same.Key}' is declared twice in '{scope.Model.Syntax.Name}'"));
        }
    }

    private FunctionModel Function(Scope scope, FunctionSyntax syntax, ResourceModel? resource)
    {
        if (syntax.IsAsync)
        {
            throw new WitException(ProblemKind.NotBound, syntax.Place, $"async functions are not bound yet: '{syntax.Name}'");
        }

        var parameters = new List<ParameterModel>();
        if (syntax.Kind == FunctionKind.Method)
        {
            parameters.Add(new ParameterModel("self", new HandleType(resource!, isOwn: false)));
        }

        foreach (var parameter in syntax.Parameters)
        {
            if (parameters.Any(other => other.Label == parameter.Name))
            {
                throw new WitException(ProblemKind.Meaning, parameter.Place, $"the parameter '{parameter.Name}' is declared twice");
            }

            parameters.Add(new ParameterModel(parameter.Name, Type(scope, parameter.Type!)));
        }

        var result = syntax.Result is { } type ? Type(scope, type) : null;
        if (syntax.Kind == FunctionKind.Constructor)
        {
            result ??= new HandleType(resource!, isOwn: true);
        }

        var owner = resource?.Name.Label;
        var name = syntax.Kind switch
        {
            FunctionKind.Constructor => $"[constructor]{owner}",
            FunctionKind.Method => $"[method]{owner}.{syntax.Name}",
            FunctionKind.Static => $"[static]{owner}.{syntax.Name}",
            _ => syntax.Name,
        };
        return new FunctionModel(
            name, syntax.Name, syntax.Kind, resource, parameters, result, syntax.Docs.Contains("@suspends"), syntax.Docs.Replace("@suspends", "").Trim());
    }

    private void MarkExports()
    {
        foreach (var package in _packages)
        {
            var worlds = package.Value.SelectMany(source => source.File.Worlds).ToList();
            foreach (var scope in _scopes.Values.Where(scope => scope.Model.Package.Equals(package.Key)))
            {
                bool Names(UsePath path) => path.Interface == scope.Model.Syntax.Name && (path.Package is null || path.Package.Equals(package.Key));
                scope.Model.IsExport = worlds.Any(world => world.Exports.Any(Names)) && !worlds.Any(world => world.Imports.Any(Names));
            }
        }
    }

    // All types of a package share a C# namespace. Two interfaces that declare the same label both get their interface's name before it.
    private static void Disambiguate(List<InterfaceModel> models)
    {
        foreach (var package in models.GroupBy(model => model.Namespace))
        {
            Prefix(package.SelectMany(model => model.Types.Select(type => type.Name)));
            Prefix(package.SelectMany(model => model.Resources.Select(resource => resource.Name)));

            foreach (var model in package)
            {
                if (package.Any(other => other.Resources.Exists(resource => resource.CSharpInterface == model.CSharpInterface)))
                {
                    model.CSharpInterface += "Functions";
                }
            }
        }
    }

    private static void Prefix(IEnumerable<TypeName> names)
    {
        foreach (var same in names.GroupBy(name => name.CSharp).Where(group => group.Count() > 1).ToList())
        {
            foreach (var name in same)
            {
                name.CSharp = Naming.Pascal(name.Interface.Syntax.Name) + name.CSharp;
            }
        }
    }

    private void Try(Action action)
    {
        try
        {
            action();
        }
        catch (WitException exception)
        {
            if (!_problems.Contains(exception.Problem))
            {
                _problems.Add(exception.Problem);
            }
        }
    }

    private static bool IsEnabled(Gate gate, WitSource source) => gate.UnstableFeature is null || source.Features.Contains(gate.UnstableFeature);

    private static string Folder(WitSource source) => Path.GetDirectoryName(source.File.Path) ?? "";

    /// <summary>What a name of a scope turned out to be: a resource, or a type.</summary>
    private readonly record struct Resolved(ResourceModel? Resource, WitType? Type);

    /// <summary>What a name of an interface is declared by: a type of its own, or a name that it uses.</summary>
    private sealed record Declared(TypeDeclaration? Declaration, UsePath? Path, string Name, Place Place);

    private sealed class Scope(InterfaceModel model, WitSource source)
    {
        public InterfaceModel Model { get; } = model;

        public WitSource Source { get; } = source;

        public Dictionary<string, Declared> Names { get; } = [];

        public Dictionary<string, Resolved> Resolved { get; } = [];

        public HashSet<string> Resolving { get; } = [];
    }
}
