using System.Text;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>Reads a component's type through the engine's reflection, written as in WIT.</summary>
internal static unsafe class ComponentTypes
{
    // A type nests as deep as its author likes; nobody reads deeper than this, and each level costs stack.
    private const int DepthMax = 16;

    private static readonly string[] Primitives =
        ["bool", "s8", "s16", "s32", "s64", "u8", "u16", "u32", "u64", "f32", "f64", "char", "string"];

    // wasmtime_component_valtype_kind_t beyond the primitives.
    private const byte List = 13;
    private const byte Tuple = 15;
    private const byte Option = 18;
    private const byte Result = 19;

    private static readonly string[] Others =
    [
        "list", "record", "tuple", "variant", "enum", "option", "result", "flags", "own", "borrow", "future", "stream",
        "error-context",
    ];

    public static IReadOnlyList<ComponentItem> Read(EngineHandle engine, ComponentHandle component, bool imports)
    {
        var type = ComponentTypeApi.wasmtime_component_type(component);
        try
        {
            return imports
                ? Items(engine, type, ComponentTypeApi.wasmtime_component_type_import_count(type, engine), &ComponentTypeApi.wasmtime_component_type_import_nth)
                : Items(engine, type, ComponentTypeApi.wasmtime_component_type_export_count(type, engine), &ComponentTypeApi.wasmtime_component_type_export_nth);
        }
        finally
        {
            ComponentTypeApi.wasmtime_component_type_delete(type);
        }
    }

    private static ComponentItem[] Items(
        EngineHandle engine, nint type, nuint count, delegate*<nint, EngineHandle, nuint, byte**, nuint*, nint*, byte> nth)
    {
        var items = new ComponentItem[checked((int)count)];
        for (var i = 0; i < items.Length; i++)
        {
            byte* name;
            nuint length;
            nint item;
            if (nth(type, engine, (nuint)i, &name, &length, &item) == 0)
            {
                throw new EngineException("a component's type ends before its own count");
            }

            wasmtime_component_item_t described;
            ComponentTypeApi.wasmtime_component_extern_type(item, &described);
            items[i] = Describe(engine, Encoding.UTF8.GetString(name, checked((int)length)), &described);
            ComponentTypeApi.wasmtime_component_item_delete(&described);
            ComponentTypeApi.wasmtime_component_extern_delete(item);
        }

        return items;
    }

    private static ComponentItem Describe(EngineHandle engine, string name, wasmtime_component_item_t* item)
    {
        switch (item->kind)
        {
            case wasmtime_component_item_t.ComponentInstance:
                var count = ComponentTypeApi.wasmtime_component_instance_type_export_count(item->of, engine);
                return new ComponentItem(name, ExternKind.Instance, "instance")
                {
                    Items = Items(engine, item->of, count, &ComponentTypeApi.wasmtime_component_instance_type_export_nth),
                };
            case wasmtime_component_item_t.ComponentFunc:
                return new ComponentItem(name, ExternKind.Function, Function(item->of))
                {
                    ParameterCount = checked((int)ComponentTypeApi.wasmtime_component_func_type_param_count(item->of)),
                };
            case wasmtime_component_item_t.CoreFunc:
                return new ComponentItem(name, ExternKind.Function, "core " + FunctionType.Read(item->of));
            case wasmtime_component_item_t.Component:
                return new ComponentItem(name, ExternKind.Component, "component");
            case wasmtime_component_item_t.Module:
                return new ComponentItem(name, ExternKind.Module, "core module");
            case wasmtime_component_item_t.Resource:
                return new ComponentItem(name, ExternKind.Resource, "resource");
            default:
                return new ComponentItem(name, ExternKind.Type, "type " + Value(&item->type, 0));
        }
    }

    private static string Function(nint type)
    {
        var parameters = new List<string>();
        var count = ComponentTypeApi.wasmtime_component_func_type_param_count(type);
        wasmtime_component_valtype_t value;
        for (nuint i = 0; i < count; i++)
        {
            byte* name;
            nuint length;
            if (ComponentTypeApi.wasmtime_component_func_type_param_nth(type, i, &name, &length, &value) != 0)
            {
                parameters.Add($"{Encoding.UTF8.GetString(name, checked((int)length))}: {TakeValue(&value, 0)}");
            }
        }

        var result = ComponentTypeApi.wasmtime_component_func_type_result(type, &value) != 0 ? $" -> {TakeValue(&value, 0)}" : "";
        return $"func({string.Join(", ", parameters)}){result}";
    }

    private static string TakeValue(wasmtime_component_valtype_t* value, int depth)
    {
        var text = Value(value, depth);
        ComponentTypeApi.wasmtime_component_valtype_delete(value);
        return text;
    }

    private static string Value(wasmtime_component_valtype_t* value, int depth)
    {
        if (value->kind < Primitives.Length)
        {
            return Primitives[value->kind];
        }

        if (depth == DepthMax)
        {
            return "…";
        }

        wasmtime_component_valtype_t inner;
        switch (value->kind)
        {
            case List:
                ComponentTypeApi.wasmtime_component_list_type_element(value->of, &inner);
                return $"list<{TakeValue(&inner, depth + 1)}>";
            case Option:
                ComponentTypeApi.wasmtime_component_option_type_ty(value->of, &inner);
                return $"option<{TakeValue(&inner, depth + 1)}>";
            case Result:
                var ok = ComponentTypeApi.wasmtime_component_result_type_ok(value->of, &inner) != 0 ? TakeValue(&inner, depth + 1) : "_";
                var error = ComponentTypeApi.wasmtime_component_result_type_err(value->of, &inner) != 0
                    ? $", {TakeValue(&inner, depth + 1)}"
                    : "";
                return ok == "_" && error.Length == 0 ? "result" : $"result<{ok}{error}>";
            case Tuple:
                return $"tuple<{string.Join(", ", TupleTypes(value->of, depth))}>";
            default:
                var other = value->kind - Primitives.Length;
                return other < Others.Length ? Others[other] : "unknown type";
        }
    }

    private static List<string> TupleTypes(nint tuple, int depth)
    {
        var types = new List<string>();
        var count = ComponentTypeApi.wasmtime_component_tuple_type_types_count(tuple);
        wasmtime_component_valtype_t inner;
        for (nuint i = 0; i < count; i++)
        {
            if (ComponentTypeApi.wasmtime_component_tuple_type_types_nth(tuple, i, &inner) != 0)
            {
                types.Add(TakeValue(&inner, depth + 1));
            }
        }

        return types;
    }
}
