using Skiff.Components.Linking;
using Skiff.Components.Types;

namespace Skiff.Components.Tests.Linking;

/// <summary>Index spaces, scopes, instantiation and what comes out of it (Explainer.md, "Index Spaces", "Instance Definitions", "Alias Definitions").</summary>
public sealed class LinkingTests
{
    [Fact]
    public void An_empty_component_has_an_instance_and_nothing_else()
    {
        var plan = ComponentText.Link("(component)");
        Assert.Single(plan.Instances);
        Assert.Null(plan.Instances[0].Parent);
        Assert.Empty(plan.CoreInstances);
        Assert.Empty(plan.Exports);
        Assert.False(plan.IsElided);
        Assert.False(plan.GuestsCallThroughHost);
    }

    [Fact]
    public void Exports_append_to_the_index_space_of_their_sort()
    {
        // Function 1 is the export of function 0; the lift after it is function 2.
        var plan = ComponentText.Link("""
            (component
              (core module $m (func (export "a")) (func (export "b") (result i32) unreachable))
              (core instance $i (instantiate $m))
              (func (canon lift (core func $i "a")))
              (export "first" (func 0))
              (func (result u32) (canon lift (core func $i "b")))
              (export "again" (func 1))
              (export "second" (func 2)))
            """);
        Assert.Equal(["first", "again", "second"], plan.Exports.Select(export => export.Name));
        Assert.Equal(["a", "a", "b"], plan.Exports.Select(export => ((CoreExport)((LiftedFunction)((FunctionExport)export).Function).Target).Name));
    }

    [Fact]
    public void A_type_export_is_a_type_that_later_definitions_can_name()
    {
        var plan = ComponentText.Link("""
            (component
              (type (record (field "x" u8)))
              (export "point" (type 0))
              (import "f" (func (param "p" 1))))
            """);
        Assert.Equal("func(p: record { x: u8 })", plan.Imports[0].Functions[0].Type.ToString());
        Assert.Equal("record { x: u8 }", Assert.IsType<TypeExport>(Assert.Single(plan.Exports)).Value!.ToString());
    }

    [Fact]
    public void Imports_of_an_instance_are_functions_and_resources_of_that_interface()
    {
        var plan = ComponentText.Link("""
            (component
              (import "wasi:io/streams@0.2.3" (instance $s
                (type $byte u8)
                (export "stream" (type $s (sub resource)))
                (export "kind" (type $k (eq $byte)))
                (export "[method]stream.get" (func (param "self" (borrow $s)) (result $k)))
                (export "unused" (func))))
              (alias export $s "[method]stream.get" (func $get))
              (core func $low (canon lower (func $get)))
              (core module $m (import "" "g" (func (param i32) (result i32))))
              (core instance (instantiate $m (with "" (instance (export "g" (func $low)))))))
            """);
        var import = Assert.Single(plan.Imports);
        Assert.Equal("wasi:io/streams@0.2.3", import.Interface!.Value.Text);
        Assert.Equal(["[method]stream.get", "unused"], import.Functions.Select(function => function.Name));
        var resource = Assert.Single(import.Resources);
        Assert.Equal(("stream", 0), (resource.Label, resource.Index));
        Assert.Same(resource, Assert.Single(plan.ImportedResources));

        // Only what is used must be bound.
        var function = Assert.Single(plan.ImportedFunctions);
        Assert.Equal((0, "wasi:io/streams@0.2.3#[method]stream.get"), (function.Index, function.ToString()));
        Assert.Equal(-1, import.Functions[1].Index);
        var trampoline = Assert.IsType<LowerImport>(Assert.Single(plan.Trampolines));
        Assert.Same(function, trampoline.Function);
        Assert.Same(trampoline, plan.CoreInstances[0].Imports[0]);
        Assert.Equal("(i32) -> (i32)", trampoline.FunctionType.ToString());
        Assert.True(plan.CoreInstances[0].IsPrelinkable);
    }

    [Fact]
    public void Functions_can_be_imported_by_themselves()
    {
        var plan = ComponentText.Link("""
            (component (import "f" (func $f (param "a" u32)))
              (export "g" (func $f)))
            """);
        var function = Assert.Single(plan.ImportedFunctions);
        Assert.Null(function.Interface);
        Assert.Equal("f", function.ToString());
        Assert.Same(function, Assert.IsType<FunctionExport>(Assert.Single(plan.Exports)).Function);
    }

    [Fact]
    public void Instances_within_an_imported_instance_keep_their_path()
    {
        var plan = ComponentText.Link("""
            (component
              (import "outer" (instance $o (export "inner" (instance (export "f" (func))))))
              (alias export $o "inner" (instance $i))
              (alias export $i "f" (func $f))
              (export "f" (func $f)))
            """);
        Assert.Equal("outer#inner/f", Assert.Single(plan.ImportedFunctions).ToString());
    }

    [Fact]
    public void Core_instances_are_made_in_the_order_of_the_definitions_depth_first()
    {
        var plan = ComponentText.Link("""
            (component
              (core module $a (func (export "a")))
              (core module $b (func (export "b")))
              (core module $c (func (export "c")))
              (core module $d (func (export "d")))
              (component $inner
                (alias outer 1 0 (core module $x))
                (core instance (instantiate $x))
                (component $innermost (alias outer 2 1 (core module $y)) (core instance (instantiate $y)))
                (instance (instantiate $innermost))
                (core instance (instantiate $x)))
              (core instance (instantiate $c))
              (instance (instantiate $inner))
              (core instance (instantiate $d))
              (instance (instantiate $inner)))
            """);
        Assert.Equal("cabadaba", string.Concat(plan.CoreInstances.Select(instance => instance.Module.Exports[0].Name)));
        Assert.Equal("01210343", string.Concat(plan.CoreInstances.Select(instance => instance.Owner.Index)));
        Assert.Equal([null, 0, 1, 0, 3], plan.Instances.Select(instance => instance.Parent?.Index));
        Assert.Equal(Enumerable.Range(0, 8), plan.CoreInstances.Select(instance => instance.Index));
        Assert.Equal(4, plan.Modules.Count);
        Assert.True(plan.Instances[0].IsAncestorOrSelf(plan.Instances[4]));
        Assert.True(plan.Instances[3].IsAncestorOrSelf(plan.Instances[4]));
        Assert.False(plan.Instances[1].IsAncestorOrSelf(plan.Instances[4]));
    }

    [Fact]
    public void A_nested_component_sees_the_scope_where_it_was_defined()
    {
        // $c is defined in $maker and instantiated at the root, where type 0 is something else.
        var plan = ComponentText.Link("""
            (component
              (type (enum "wrong"))
              (component $maker
                (type (enum "right"))
                (component $c
                  (alias outer 1 0 (type $t))
                  (export "t" (type $t)))
                (export "c" (component $c)))
              (instance $m (instantiate $maker))
              (alias export $m "c" (component $c))
              (instance $i (instantiate $c))
              (export "i" (instance $i)))
            """);
        var instance = Assert.IsType<InstanceExport>(Assert.Single(plan.Exports));
        Assert.Equal("enum { right }", Assert.IsType<TypeExport>(Assert.Single(instance.Items)).Value!.ToString());
    }

    [Fact]
    public void Every_instantiation_makes_its_own_resource_types()
    {
        var plan = ComponentText.Link("""
            (component
              (component $c (type $r (resource (rep i32))) (export "r" (type $r)))
              (instance $a (instantiate $c))
              (instance $b (instantiate $c))
              (alias export $a "r" (type $ra))
              (alias export $b "r" (type $rb))
              (export "ra" (type $ra))
              (export "ra2" (type $ra))
              (export "rb" (type $rb)))
            """);
        Assert.Equal(2, plan.GuestResources.Count);
        Assert.Equal([1, 2], plan.GuestResources.Select(resource => resource.DefiningInstance.Index));
        var exported = plan.Exports.Cast<TypeExport>().Select(export => export.Resource).ToList();
        Assert.Same(exported[0], exported[1]);
        Assert.NotSame(exported[0], exported[2]);
        Assert.False(exported[0]!.IsSame(exported[2]!));
    }

    [Fact]
    public void A_resource_of_one_instance_is_not_taken_for_that_of_another()
    {
        const string Text = """
            (component
              (component $c (type $r (resource (rep i32))) (export "r" (type $r)))
              (instance $a (instantiate $c))
              (instance $b (instantiate $c))
              (alias export $a "r" (type $ra))
              (alias export $b "r" (type $rb))
              (component $d (import "r" (type $r (sub resource))) (import "f" (func (param "x" (own $r)))))
              (core module $m (func (export "f") (param i32)))
              (core instance $i (instantiate $m))
              (func $f (param "x" (own $ra)) (canon lift (core func $i "f")))
              (instance (instantiate $d (with "r" (type RESOURCE)) (with "f" (func $f)))))
            """;
        ComponentText.Link(Text.Replace("RESOURCE", "$ra", StringComparison.Ordinal));
        Assert.Contains("'f' is func(x: resource 0", ComponentText.Refusal(Text.Replace("RESOURCE", "$rb", StringComparison.Ordinal)));
    }

    [Fact]
    public void Only_the_component_that_defines_a_resource_makes_and_opens_it()
    {
        var plan = ComponentText.Link("""
            (component
              (type $r (resource (rep i32)))
              (core func $new (canon resource.new $r))
              (core func $rep (canon resource.rep $r))
              (core func $drop (canon resource.drop $r))
              (core module $m
                (import "" "new" (func (param i32) (result i32)))
                (import "" "rep" (func (param i32) (result i32)))
                (import "" "drop" (func (param i32))))
              (core instance (instantiate $m (with "" (instance
                (export "new" (func $new)) (export "rep" (func $rep)) (export "drop" (func $drop)))))))
            """);
        Assert.Collection(
            plan.Trampolines,
            trampoline => Assert.Same(plan.GuestResources[0], Assert.IsType<ResourceNew>(trampoline).Resource),
            trampoline => Assert.Same(plan.GuestResources[0], Assert.IsType<ResourceRep>(trampoline).Resource),
            trampoline => Assert.Same(plan.GuestResources[0], Assert.IsType<ResourceDrop>(trampoline).Resource));
        Assert.False(plan.GuestsCallThroughHost);
        foreach (var builtin in new[] { "new", "rep" })
        {
            Assert.Contains("only the component that defines", ComponentText.Refusal($"""
                (component (import "r" (type $r (sub resource))) (core func (canon resource.{builtin} $r)))
                """));
        }

        ComponentText.Link("""(component (import "r" (type $r (sub resource))) (core func (canon resource.drop $r)))""");
    }

    [Fact]
    public void Dropping_a_resource_with_a_destructor_goes_through_the_host()
    {
        var plan = ComponentText.Link("""
            (component
              (core module $d (func (export "d") (param i32)))
              (core instance $d (instantiate $d))
              (type $r (resource (rep i32) (dtor (core func $d "d"))))
              (core func $drop (canon resource.drop $r))
              (core module $m (import "" "drop" (func (param i32))))
              (core instance (instantiate $m (with "" (instance (export "drop" (func $drop)))))))
            """);
        Assert.True(plan.GuestsCallThroughHost);
        Assert.Same(plan.CoreExports[Assert.IsType<CoreExport>(plan.GuestResources[0].Destructor).Index], plan.GuestResources[0].Destructor);
    }

    [Fact]
    public void A_guest_calls_a_guest()
    {
        var plan = ComponentText.Link(Composition("(param \"a\" u32) (result u32)", "(param \"a\" u32) (result u32)", "f", "f"));
        var lower = Assert.IsType<LowerLifted>(Assert.Single(plan.Trampolines));
        Assert.Equal((2, 1), (lower.Instance.Index, lower.Function.Instance.Index));
        Assert.True(plan.GuestsCallThroughHost);
        Assert.Same(lower, plan.CoreInstances[1].Imports[0]);
    }

    [Theory]
    [InlineData("(param \"b\" u32) (result u32)", "f", "f", "'f' is func(a: u32) -> u32, and func(b: u32) -> u32 is imported")]
    [InlineData("(param \"a\" u32)", "f", "f", "and func(a: u32) is imported")]
    [InlineData("(param \"a\" s32) (result u32)", "f", "f", "and func(a: s32) -> u32 is imported")]
    [InlineData("(param \"a\" u32) (result u32)", "g", "f", "without its import 'f'")]
    [InlineData("(param \"a\" u32) (result u32)", "a:b/c@1.0.0", "a:b/c@1.0.1", "without its import 'a:b/c@1.0.1'")]
    public void Arguments_are_matched_by_their_whole_name_and_type(string imported, string argument, string name, string reason) =>
        Assert.Contains(reason, ComponentText.Refusal(Composition("(param \"a\" u32) (result u32)", imported, argument, name)));

    [Fact]
    public void An_argument_of_another_sort_is_refused() =>
        Assert.Contains("the argument 'f' is a type, and a function is imported", ComponentText.Refusal("""
            (component
              (type $t u8)
              (component $c (import "f" (func)))
              (instance (instantiate $c (with "f" (type $t)))))
            """));

    [Theory]
    [InlineData("(export \"f\" (func)) (export \"g\" (func))", "the instance 'i' has no function 'g'")]
    [InlineData("(export \"f\" (type (sub resource)))", "the instance 'i' has no type 'f'")]
    [InlineData("(export \"f\" (func (param \"a\" u8)))", "'f' is func(), and func(a: u8) is imported")]
    [InlineData("(type $t u16) (export \"t\" (type (eq $t)))", "the type 't' is not the one that is imported")]
    [InlineData("(export \"t\" (type (sub resource)))", "'t' is no resource type")]
    public void An_argument_that_is_an_instance_has_all_that_is_imported_of_it(string type, string reason)
    {
        Assert.Contains(reason, ComponentText.Refusal(Instance(type)));
        ComponentText.Link(Instance("(export \"f\" (func)) (type $t u8) (export \"t\" (type (eq $t)))"));

        static string Instance(string type) => $"""
            (component
              (core module $m (func (export "f")))
              (core instance $m (instantiate $m))
              (func $f (canon lift (core func $m "f")))
              (type $byte u8)
              (instance $i (export "f" (func $f)) (export "t" (type $byte)))
              (component $c (import "i" (instance {type})))
              (instance (instantiate $c (with "i" (instance $i)))))
            """;
    }

    [Fact]
    public void Components_and_modules_are_arguments_too()
    {
        var plan = ComponentText.Link("""
            (component
              (core module $m (func (export "f")))
              (component $user
                (import "m" (core module $m (export "f" (func))))
                (import "c" (component $c))
                (core instance $i (instantiate $m))
                (instance (instantiate $c))
                (func (export "f") (canon lift (core func $i "f"))))
              (component $empty)
              (instance $u (instantiate $user (with "m" (core module $m)) (with "c" (component $empty))))
              (export "f" (func $u "f")))
            """);
        Assert.Equal(3, plan.Instances.Count);
        Assert.Single(plan.CoreInstances);
        Assert.IsType<FunctionExport>(Assert.Single(plan.Exports));
    }

    [Fact]
    public void Core_items_of_all_sorts_are_passed_on()
    {
        var plan = ComponentText.Link("""
            (component
              (core module $m
                (func (export "f")) (table (export "t") 1 funcref) (memory (export "m") 1)
                (global (export "g") i32 (i32.const 0)) (tag (export "e")))
              (core instance $i (instantiate $m))
              (alias core export $i "f" (core func $f))
              (alias core export $i "t" (core table $t))
              (alias core export $i "m" (core memory $m))
              (alias core export $i "g" (core global $g))
              (alias core export $i "e" (core tag $e))
              (core instance $bag
                (export "1" (func $f)) (export "2" (table $t)) (export "3" (memory $m)) (export "4" (global $g)) (export "5" (tag $e)))
              (core module $n
                (import "x" "1" (func)) (import "x" "2" (table 1 funcref)) (import "x" "3" (memory 1))
                (import "x" "4" (global i32)) (import "x" "5" (tag)))
              (core instance (instantiate $n (with "x" (instance $bag)))))
            """);
        Assert.Equal("f t m g e", string.Join(' ', plan.CoreInstances[1].Imports.Cast<CoreExport>().Select(export => export.Name)));
        Assert.All(plan.CoreInstances[1].Imports, item => Assert.Same(plan.CoreInstances[0], ((CoreExport)item).Instance));
        Assert.False(plan.CoreInstances[1].IsPrelinkable);
        Assert.True(plan.CoreInstances[0].IsPrelinkable);
        Assert.Equal(Enumerable.Range(0, 5), plan.CoreExports.Select(export => export.Index));
    }

    [Fact]
    public void An_export_of_a_core_instance_is_one_object_however_often_it_is_named()
    {
        var plan = ComponentText.Link("""
            (component
              (core module $m (func (export "f")))
              (core instance $i (instantiate $m))
              (func (export "a") (canon lift (core func $i "f")))
              (func (export "b") (canon lift (core func $i "f"))))
            """);
        Assert.Single(plan.CoreExports);
        Assert.Same(plan.LiftedFunctions[0].Target, plan.LiftedFunctions[1].Target);
    }

    [Fact]
    public void A_lowered_function_can_be_lifted_again()
    {
        var plan = ComponentText.Link("""
            (component
              (import "f" (func $f (param "a" u32)))
              (core func $low (canon lower (func $f)))
              (func (export "g") (param "a" u32) (canon lift (core func $low))))
            """);
        Assert.Same(Assert.Single(plan.Trampolines), plan.LiftedFunctions[0].Target);
        Assert.Single(plan.ImportedFunctions);
    }

    [Theory]
    // What a host cannot give.
    [InlineData("(import \"m\" (core module))", "imports the core module 'm'")]
    [InlineData("(import \"c\" (component))", "imports the component 'c'")]
    [InlineData("(import \"i\" (instance (export \"c\" (component))))", "imports the component 'c' of 'i'")]
    [InlineData("(import \"i\" (instance (export \"m\" (core module))))", "imports the core module 'm' of 'i'")]
    // A name that is there twice.
    [InlineData("(import \"f\" (func)) (import \"f\" (func))", "'f' is imported twice")]
    [InlineData("(import \"f\" (func $f)) (export \"f\" (func $f)) (export \"f\" (func $f))", "'f' is exported twice")]
    [InlineData("(core module $m (func (export \"a\")) (func (export \"a\")))", "exports 'a' twice")]
    [InlineData("(core instance (export \"a\" (func 0)) (export \"a\" (func 0)))", "'a' is given twice")]
    [InlineData("(instance (export \"a\" (func 0)) (export \"a\" (func 0)))", "'a' is given twice")]
    [InlineData("(component $c) (instance (instantiate $c (with \"a\" (func 0)) (with \"a\" (func 0))))", "'a' is given twice")]
    [InlineData("(import \"i\" (instance (export \"f\" (func)) (export \"f\" (func))))", "'f' is exported twice")]
    // What is named and does not exist.
    [InlineData("(export \"f\" (func 0))", "function 0 is not defined")]
    [InlineData("(core instance (instantiate 0))", "core module 0 is not defined")]
    [InlineData("(instance (instantiate 0))", "component 0 is not defined")]
    [InlineData("(alias export 3 \"f\" (func))", "instance 3 is not defined")]
    [InlineData("(alias core export 3 \"f\" (core func))", "core instance 3 is not defined")]
    [InlineData("(alias outer 2 0 (type))", "leads 2 scopes out")]
    [InlineData("(alias outer 0 5 (type))", "type 5 is not defined")]
    [InlineData("(import \"i\" (instance $i)) (alias export $i \"f\" (func))", "instance 0 exports no function 'f'")]
    [InlineData("(import \"i\" (instance $i (export \"f\" (func)))) (alias export $i \"f\" (type))", "instance 0 exports no type 'f'")]
    [InlineData("(core instance $i) (alias core export $i \"f\" (core func))", "core instance 0 exports no core function 'f'")]
    public void What_cannot_be_linked_is_refused(string definitions, string reason) =>
        Assert.Contains(reason, ComponentText.Refusal($"(component {definitions})"));

    [Fact]
    public void Instances_are_exported_with_what_they_hold()
    {
        var plan = ComponentText.Link("""
            (component
              (core module $m (func (export "f")))
              (core instance $m (instantiate $m))
              (func $f (canon lift (core func $m "f")))
              (type $t u8)
              (instance $inner (export "f" (func $f)))
              (instance $i (export "f" (func $f)) (export "t" (type $t)) (export "inner" (instance $inner)))
              (export "a:b/c@1.2.3" (instance $i)))
            """);
        var instance = Assert.IsType<InstanceExport>(Assert.Single(plan.Exports));
        Assert.Equal("1", instance.Interface.Track);
        Assert.Collection(
            instance.Items,
            item => Assert.Same(plan.LiftedFunctions[0], Assert.IsType<FunctionExport>(item).Function),
            item => Assert.Same(PrimitiveType.U8, Assert.IsType<TypeExport>(item).Value),
            item => Assert.Equal("f", Assert.Single(Assert.IsType<InstanceExport>(item).Items).Name));
    }

    [Fact]
    public void Several_versions_of_one_track_share_their_resource_types()
    {
        var plan = ComponentText.Link("""
            (component
              (import "wasi:io/streams@0.2.1" (instance (export "s" (type (sub resource)))))
              (import "wasi:io/streams@0.2.0" (instance (export "s" (type (sub resource)))))
              (import "wasi:io/streams@0.3.0" (instance (export "s" (type (sub resource)))))
              (import "wasi:io/streams@0.2.0-draft" (instance (export "s" (type (sub resource))))))
            """);
        Assert.Equal([0, 0, 1, 2], plan.Imports.Select(import => import.Resources[0].Index));
        var host = new HostResourceType("wasi:io/streams@0.2.12", "s");
        Assert.Equal([true, false, false], plan.ImportedResources.Select(resource => resource.IsSame(host)));
        Assert.Equal([true, false, false], plan.ImportedResources.Select(host.IsSame));
        Assert.True(new HandleType(plan.ImportedResources[0], isOwn: true).StructurallyEquals(new HandleType(host, isOwn: true)));
        Assert.True(new HandleType(host, isOwn: true).StructurallyEquals(new HandleType(plan.ImportedResources[0], isOwn: true)));
        Assert.False(new HandleType(host, isOwn: false).StructurallyEquals(new HandleType(plan.ImportedResources[0], isOwn: true)));
    }

    [Fact]
    public void A_resource_that_an_interface_uses_of_another_is_the_same()
    {
        var plan = ComponentText.Link("""
            (component
              (import "a:b/streams" (instance $s (export "s" (type (sub resource)))))
              (alias export $s "s" (type $s))
              (import "a:b/http" (instance
                (alias outer 1 $s (type $outer))
                (export "s" (type $s (eq $outer)))
                (export "f" (func (param "x" (own $s)))))))
            """);
        Assert.Single(plan.ImportedResources);
        Assert.Same(plan.ImportedResources[0], ((HandleType)plan.Imports[1].Functions[0].Type.Parameters[0].Type).Resource);
        Assert.Empty(plan.Imports[1].Resources);
    }

    [Fact]
    public void The_options_of_a_function_are_kept()
    {
        var plan = ComponentText.Link("""
            (component
              (core module $m
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
                (func (export "f") (param i32 i32) (result i32) unreachable)
                (func (export "post") (param i32)))
              (core instance $m (instantiate $m))
              (func (export "f") (param "a" string) (result string) (canon lift (core func $m "f")
                string-encoding=utf16 (memory (core memory $m "memory")) (realloc (core func $m "realloc")) (post-return (core func $m "post"))))
              (func (export "g") (param "a" string) (result string) (canon lift (core func $m "f")
                string-encoding=latin1+utf16 (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))
            """);
        var options = plan.LiftedFunctions[0].Options;
        Assert.Equal(StringEncoding.Utf16, options.Encoding);
        Assert.Equal("memory", options.Memory!.Name);
        Assert.Equal("realloc", ((CoreExport)options.Realloc!).Name);
        Assert.Equal("post", ((CoreExport)options.PostReturn!).Name);
        Assert.False(options.IsAsync);
        Assert.Equal(StringEncoding.Latin1Utf16, plan.LiftedFunctions[1].Options.Encoding);
        Assert.Null(plan.LiftedFunctions[1].Options.PostReturn);
        Assert.Equal(4, plan.CoreExports.Count);
    }

    private static string Composition(string provided, string imported, string argument, string name) => $"""
        (component
          (component $provider
            (core module $m (func (export "f") (param i32) (result i32) unreachable))
            (core instance $m (instantiate $m))
            (func (export "f") {provided} (canon lift (core func $m "f"))))
          (component $consumer
            (import "{name}" (func $f {imported}))
            (core func $low (canon lower (func $f)))
            (core module $m (import "" "f" (func (param i32) (result i32))))
            (core instance (instantiate $m (with "" (instance (export "f" (func $low)))))))
          (instance $p (instantiate $provider))
          (instance (instantiate $consumer (with "{argument}" (func $p "f")))))
        """;
}
