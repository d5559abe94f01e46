using System.Text;
using Skiff.Components.Host;
using Skiff.Components.Types;
using WitType = Skiff.Components.Types.ValueType;

namespace Skiff.WitBindings.Tests.Running;

/// <summary>
/// A component that exports each function of a host interface and hands the call through, as flat values and memory stand: the host's
/// interpreter is on one side of it and the binding on the other. Besides, `raw-…` takes the flat values themselves, for guests that lie.
/// </summary>
internal static class PassThrough
{
    /// <summary>Where raw calls have their results written.</summary>
    public const uint ResultAddress = 64;

    public static string Text(HostInterface definition)
    {
        var text = new StringBuilder($"(component (import \"{definition.Name}\" (instance $host\n");
        foreach (var function in definition.Functions)
        {
            text.Append($"  (export \"{function.Name}\" (func {Signature(function.Type!)}))\n");
        }

        text.Append("""
            ))
            (core module $libc
              (memory (export "memory") 4)
              (global $next (mut i32) (i32.const 4096))
              (func (export "realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (i32.add (global.get $next) (local.get 2)) (i32.const -1)) (i32.sub (i32.const 0) (local.get 2))))
                (global.set $next (i32.add (local.get $at) (local.get 3)))
                (block $fits (loop $grow
                  (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
                  (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
                  (br $grow)))
                (local.get $at))
              (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
              (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
              (func (export "reset") (global.set $next (i32.const 4096))))
            (core instance $libc (instantiate $libc))
            (alias core export $libc "memory" (core memory $memory))
            (alias core export $libc "realloc" (core func $realloc))

            """);
        for (var i = 0; i < definition.Functions.Count; i++)
        {
            text.Append($"(core func $lowered{i} (canon lower (func $host \"{definition.Functions[i].Name}\") (memory $memory) (realloc $realloc)))\n");
        }

        Module(text, definition);
        return text.Append(')').ToString();
    }

    private static void Module(StringBuilder text, HostInterface definition)
    {
        text.Append("(core module $m (import \"libc\" \"reset\" (func $reset))\n");
        for (var i = 0; i < definition.Functions.Count; i++)
        {
            var (parameters, results) = Core(definition.Functions[i].Type!);
            text.Append($"  (import \"host\" \"{i}\" (func $f{i} (param {parameters}) (result {results})))\n");
        }

        for (var i = 0; i < definition.Functions.Count; i++)
        {
            Functions(text, i, definition.Functions[i].Type!);
        }

        text.Append(")\n(core instance $i (instantiate $m (with \"libc\" (instance $libc)) (with \"host\" (instance\n");
        for (var i = 0; i < definition.Functions.Count; i++)
        {
            text.Append($"  (export \"{i}\" (func $lowered{i}))\n");
        }

        text.Append(")))) \n(func (export \"poke\") (param \"a\" u32) (param \"v\" u32) (canon lift (core func $libc \"poke\")))\n");
        text.Append("(func (export \"peek\") (param \"a\" u32) (result u32) (canon lift (core func $libc \"peek\")))\n");
        for (var i = 0; i < definition.Functions.Count; i++)
        {
            var type = definition.Functions[i].Type!;
            var name = definition.Functions[i].Name;
            text.Append($"(func (export \"{name}\") {Signature(type)} (canon lift (core func $i \"{i}\") (memory $memory) (realloc $realloc)))\n");
            var raw = Flat(type).Select((core, slot) => $"(param \"p{slot}\" {Number(core)})").ToList();
            text.Append($"(func (export \"raw-{name}\") {string.Concat(raw)} (canon lift (core func $i \"raw{i}\")))\n");
            if (raw.Count == FunctionType.FlatParametersMax)
            {
                // With the number of times there would be one too many to be passed flat.
                continue;
            }

            text.Append($"(func (export \"loop-{name}\") (param \"times\" u32) {string.Concat(raw)} (canon lift (core func $i \"loop{i}\")))\n");
        }
    }

    private static void Functions(StringBuilder text, int i, FunctionType type)
    {
        var flat = Flat(type);
        var parameters = string.Join(' ', flat.Select(Name));
        var arguments = string.Concat(flat.Select((_, slot) => $"(local.get {slot})"));
        var spilled = type.ResultIsSpilled;
        var result = type.Result is null ? "" : spilled ? "i32" : Name(type.Result.Flat[0]);
        text.Append($"  (func (export \"{i}\") (param {parameters}) (result {result}) (call $f{i} {arguments}{(spilled ? "(i32.const 1024)) (i32.const 1024)" : ")")})\n");
        text.Append($"  (func (export \"raw{i}\") (param {parameters}) (call $f{i} {arguments}{(spilled ? $"(i32.const {ResultAddress}))" : ")")}{(result.Length > 0 && !spilled ? "drop" : "")})\n");

        // The first parameter is how often; the others move up by one. What the host allocated is forgotten each time.
        var shifted = string.Concat(flat.Select((_, slot) => $"(local.get {slot + 1})"));
        text.Append($"  (func (export \"loop{i}\") (param i32 {parameters}) (loop $again (call $reset) (call $f{i} {shifted}{(spilled ? $"(i32.const {ResultAddress}))" : ")")}{(result.Length > 0 && !spilled ? " drop" : "")}\n"
            + "    (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))\n");
    }

    private static (string Parameters, string Results) Core(FunctionType type)
    {
        var parameters = string.Join(' ', Flat(type).Select(Name)) + (type.ResultIsSpilled ? " i32" : "");
        return (parameters, type.Result is null || type.ResultIsSpilled ? "" : Name(type.Result.Flat[0]));
    }

    private static CoreType[] Flat(FunctionType type) => type.ParametersAreSpilled ? [CoreType.I32] : type.ParameterTuple.Flat.ToArray();

    private static string Name(CoreType core) => core.ToString().ToLowerInvariant();

    private static string Number(CoreType core) => core switch
    {
        CoreType.I32 => "u32",
        CoreType.I64 => "u64",
        CoreType.F32 => "f32",
        _ => "f64",
    };

    private static string Signature(FunctionType type) =>
        string.Concat(type.Parameters.Select(parameter => $"(param \"{parameter.Name}\" {Text(parameter.Type)})"))
        + (type.Result is null ? "" : $"(result {Text(type.Result)})");

    private static string Text(WitType type) => type switch
    {
        ListType list => $"(list {Text(list.Element)})",
        RecordType { IsTuple: true } tuple => $"(tuple {string.Join(' ', tuple.Fields.ToArray().Select(field => Text(field.Type!)))})",
        RecordType record => $"(record {string.Concat(record.Fields.ToArray().Select(field => $"(field \"{field.Label}\" {Text(field.Type!)})"))})",
        FlagsType flags => $"(flags {string.Concat(flags.Labels.Select(label => $" \"{label}\""))})",
        VariantType { Form: VariantForm.Option } option => $"(option {Text(option.Cases[1].Type!)})",
        VariantType { Form: VariantForm.Enum } labels => $"(enum {string.Concat(labels.Cases.ToArray().Select(item => $" \"{item.Label}\""))})",
        VariantType { Form: VariantForm.Result } result => "(result "
            + (result.Cases[0].Type is { } ok ? Text(ok) : "") + (result.Cases[1].Type is { } error ? $" (error {Text(error)})" : "") + ")",
        VariantType variant => $"(variant {string.Concat(variant.Cases.ToArray().Select(item => $"(case \"{item.Label}\"{(item.Type is { } payload ? " " + Text(payload) : "")})"))})",
        _ => type.ToString(),
    };
}
