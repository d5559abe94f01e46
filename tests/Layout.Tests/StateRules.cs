using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Skiff.Layout.Tests;

/// <summary>Rule 5: the object graph is built by hand in Program.cs; no container, no reflection, no static registries. And no Process class.</summary>
public sealed class StateRules
{
    private static readonly string[] Reflection =
        ["System.Reflection", "Activator.CreateInstance", "Type.GetType", "Assembly.Load", "Assembly.GetExecutingAssembly"];

    private static readonly string[] Registries = ["ConcurrentDictionary", "ConcurrentQueue", "ConcurrentBag", "ConcurrentStack", "ConditionalWeakTable"];
    private static readonly string[] Tables = ["Dictionary", "List", "HashSet", "Queue", "SortedDictionary"];
    private static readonly string[] Mutators = ["Add", "TryAdd", "AddRange", "Remove", "Clear", "Enqueue", "Dequeue", "Insert", "UnionWith"];

    [Fact]
    public void No_room_keeps_state_in_static_fields()
    {
        var found = Repository.CSharp("src", "apps").SelectMany(StaticState).ToList();
        Violations.None(found.Except(House.StaticState.Keys)
            .Concat(House.StaticState.Keys.Except(found).Select(entry => $"no longer needed in House.StaticState: {entry}")));
    }

    [Fact]
    public void No_room_reflects() => Violations.None(Repository.CSharp("src", "apps").SelectMany(Reflecting));

    [Fact]
    public void No_room_uses_the_Process_class() => Violations.None(Repository.CSharp("src", "apps").SelectMany(Processes));

    [Theory]
    [InlineData("class C { static int _count; }", 1)]
    [InlineData("class C { internal static readonly Dictionary<string, int> Registry = new(); }", 1)]
    [InlineData("class C { static readonly Dictionary<string, int> Registry = new(); void M() => Registry.Add(\"a\", 1); }", 1)]
    [InlineData("class C { static readonly Dictionary<string, int> Registry = new(); void M() => Registry[\"a\"] = 1; }", 1)]
    [InlineData("class C { private static readonly Dictionary<string, int> Table = new() { [\"a\"] = 1 }; int M() => Table[\"a\"]; }", 0)]
    [InlineData("class C { static readonly System.Collections.Concurrent.ConcurrentDictionary<int, int> R = new(); }", 1)]
    [InlineData("class C { public static string Name { get; set; } }", 1)]
    [InlineData("class C { const int A = 1; static readonly int B = 2; static readonly FrozenDictionary<int, int> D; int _count; static int P => 3; }", 0)]
    public void Static_state_is_found(string text, int found) => Assert.Equal(found, StaticState(new SourceFile("src/Oci/C.cs", text)).Count());

    [Theory]
    [InlineData("using System.Reflection;")]
    [InlineData("class C { object M() => Activator.CreateInstance(typeof(C)); }")]
    public void Reflection_is_found(string text) => Assert.NotEmpty(Reflecting(new SourceFile("src/Oci/C.cs", text)));

    [Theory]
    [InlineData("class C { void M() => System.Diagnostics.Process.Start(\"x\"); }")]
    [InlineData("class C { void M() { using var p = new Process(); } }")]
    [InlineData("class C { object M() => new ProcessStartInfo(); }")]
    public void The_Process_class_is_found(string text) => Assert.NotEmpty(Processes(new SourceFile("src/Oci/C.cs", text)));

    private static IEnumerable<string> StaticState(SourceFile file)
    {
        foreach (var field in file.Root.DescendantNodes().OfType<FieldDeclarationSyntax>().Where(field => field.Modifiers.Any(SyntaxKind.StaticKeyword)))
        {
            var type = field.Declaration.Type.ToString().Split('<')[0].Split('.')[^1];
            var name = field.Declaration.Variables[0].Identifier.Text;
            if (!field.Modifiers.Any(SyntaxKind.ReadOnlyKeyword) || Registries.Contains(type) || (Tables.Contains(type) && MayChange(field, name)))
            {
                yield return $"{file.Path}: {name}";
            }
        }

        foreach (var property in file.Root.DescendantNodes().OfType<PropertyDeclarationSyntax>().Where(property => property.Modifiers.Any(SyntaxKind.StaticKeyword)))
        {
            if (property.AccessorList?.Accessors.Any(accessor => accessor.IsKind(SyntaxKind.SetAccessorDeclaration) && accessor.Body is null && accessor.ExpressionBody is null) == true)
            {
                yield return $"{file.Path}: {property.Identifier.Text}";
            }
        }
    }

    // A private table that its own class only reads is a constant; one that others see, or that grows, is a registry.
    private static bool MayChange(FieldDeclarationSyntax field, string name) =>
        field.Modifiers.Any(modifier => modifier.Kind() is SyntaxKind.PublicKeyword or SyntaxKind.InternalKeyword or SyntaxKind.ProtectedKeyword)
        || field.Parent!.DescendantNodes().Any(node => node switch
        {
            MemberAccessExpressionSyntax access => access.Expression.ToString() == name && Mutators.Contains(access.Name.Identifier.Text),
            AssignmentExpressionSyntax { Left: ElementAccessExpressionSyntax element } => element.Expression.ToString() == name,
            _ => false,
        });

    private static IEnumerable<string> Reflecting(SourceFile file) => file.Root.DescendantNodes()
        .Where(node => node is UsingDirectiveSyntax or QualifiedNameSyntax or MemberAccessExpressionSyntax)
        .Where(node => Reflection.Any(name => node.ToString().Replace("using ", "", StringComparison.Ordinal).StartsWith(name, StringComparison.Ordinal)))
        .Select(node => $"{file.At(node)}: {node}");

    // ChildReaper waits for every child of the process; the Process class would wait for the same children beside it.
    private static IEnumerable<string> Processes(SourceFile file) => file.Root.DescendantNodes()
        .Where(node => node switch
        {
            MemberAccessExpressionSyntax access => access.ToString().StartsWith("System.Diagnostics.Process.", StringComparison.Ordinal)
                || access.ToString() is "Process.Start" or "Process.GetProcessById" or "Process.GetCurrentProcess",
            ObjectCreationExpressionSyntax creation => creation.Type.ToString().Split('.')[^1] is "Process" or "ProcessStartInfo",
            _ => false,
        })
        .Select(node => $"{file.At(node)}: {node}");
}
