using Skiff.Components.Binary;
using Skiff.Components.Types;

namespace Skiff.Components.Linking;

/// <summary>
/// Canonical definitions and resource types (Explainer.md, "Canonical Definitions"). Everything that will be called without the
/// engine looking at its type is checked here; Wasmtime's unchecked calls trust us.
/// </summary>
internal sealed class CanonEvaluator(PlanBuilder plan)
{
    public GuestResourceType DefineResource(Scope scope, int offset, ResourceSyntax syntax)
    {
        var destructor = syntax.Destructor is { } index ? Function(scope, index, offset) : null;
        if (destructor is not null)
        {
            Need(offset, destructor, CoreSignature.I32ToNothing, "the destructor of a resource");
        }

        return plan.AddGuestResource(scope.Instance, destructor);
    }

    public void Define(Scope scope, Definition definition)
    {
        switch (definition)
        {
            case LiftDefinition lift:
                scope.Add(Sort.Function, Lift(scope, lift));
                break;
            case LowerDefinition lower:
                scope.Add(Sort.CoreFunction, Lower(scope, lower));
                break;
            case ResourceBuiltinDefinition builtin:
                scope.Add(Sort.CoreFunction, Resource(scope, builtin));
                break;
            case OtherBuiltinDefinition builtin:
                scope.Add(Sort.CoreFunction, new UnsupportedBuiltin(scope.Instance, builtin.Name));
                break;
            default:
                throw new ComponentException(definition.Offset, "a declaration of a type stands in a component");
        }
    }

    private LiftedFunction Lift(Scope scope, LiftDefinition lift)
    {
        var offset = lift.Offset;
        var type = scope.Get<FunctionType>(Sort.Type, lift.Type, offset, "a function type");
        var target = Function(scope, lift.CoreFunction, offset);
        var options = Options(scope, offset, lift.Options);
        if (options.IsAsync)
        {
            return plan.AddLifted(scope.Instance, type, target, options);
        }

        if (lift.Options.Callback is not null)
        {
            throw new ComponentException(offset, "a callback belongs to asynchronous functions only");
        }

        Need(offset, target, CoreSignature.OfLift(type), "the core function of a lifted function");
        if (options.PostReturn is { } postReturn)
        {
            Need(offset, postReturn, CoreSignature.OfPostReturn(type), "a post-return function");
        }

        var parameters = type.ParameterTuple;
        NeedMemory(offset, options, parameters.NeedsMemory || type.ParametersAreSpilled || type.ResultIsSpilled || type.Result is { NeedsMemory: true });
        NeedRealloc(offset, options, parameters.NeedsMemory || type.ParametersAreSpilled);
        return plan.AddLifted(scope.Instance, type, target, options);
    }

    private static Trampoline Lower(Scope scope, LowerDefinition lower)
    {
        var offset = lower.Offset;
        var function = scope.Get<PlannedFunction>(Sort.Function, lower.Function, offset, "a function");
        var options = Options(scope, offset, lower.Options);
        if (options.IsAsync)
        {
            return new UnsupportedBuiltin(scope.Instance, "canon lower async");
        }

        if (lower.Options.PostReturn is not null || lower.Options.Callback is not null)
        {
            throw new ComponentException(offset, "a lowered function has a post-return or callback function");
        }

        var type = function.Type;
        var result = type.Result is { NeedsMemory: true };
        NeedMemory(offset, options, type.ParameterTuple.NeedsMemory || type.ParametersAreSpilled || type.ResultIsSpilled || result);
        NeedRealloc(offset, options, result);
        return function switch
        {
            LiftedFunction lifted => new LowerLifted(scope.Instance, lifted, options),
            ImportedFunction imported => new LowerImport(scope.Instance, imported, options),
            _ => throw new ComponentException(offset, "a function of an unknown kind"),
        };
    }

    private static Trampoline Resource(Scope scope, ResourceBuiltinDefinition builtin)
    {
        var offset = builtin.Offset;
        var resource = scope.Get<ResourceType>(Sort.Type, builtin.Type, offset, "a resource type");
        if (builtin.Builtin == ResourceBuiltin.Drop)
        {
            return new ResourceDrop(scope.Instance, resource);
        }

        if (resource is not GuestResourceType own || own.DefiningInstance != scope.Instance)
        {
            throw new ComponentException(offset, "only the component that defines a resource type makes or opens its resources");
        }

        return builtin.Builtin == ResourceBuiltin.New ? new ResourceNew(scope.Instance, own) : new ResourceRep(scope.Instance, own);
    }

    private static CanonOptions Options(Scope scope, int offset, CanonOptionsSyntax syntax)
    {
        if (syntax.Unsupported is { } option)
        {
            throw new ComponentException(offset, $"the option '{option}' of a canonical function belongs to a proposal that this version does not know");
        }

        CoreExport? memory = null;
        if (syntax.Memory is { } memoryIndex)
        {
            memory = scope.Get<CoreExport>(Sort.CoreMemory, memoryIndex, offset, "a memory");
            if (memory.Type is not CoreMemoryType { Is64: false, IsShared: false })
            {
                throw new ComponentException(offset, $"a canonical function uses a {memory.Type}; only 32-bit memories that are not shared are possible");
            }
        }

        var realloc = syntax.Realloc is { } reallocIndex ? Function(scope, reallocIndex, offset) : null;
        if (realloc is not null)
        {
            NeedMemory(offset, memory, isNeeded: true);
            Need(offset, realloc, CoreSignature.Realloc, "a realloc function");
        }

        return new CanonOptions
        {
            Encoding = syntax.Encoding,
            Memory = memory,
            Realloc = realloc,
            PostReturn = syntax.PostReturn is { } postReturnIndex ? Function(scope, postReturnIndex, offset) : null,
            IsAsync = syntax.IsAsync,
        };
    }

    private static CoreItem Function(Scope scope, int index, int offset) =>
        scope.Get<CoreItem>(Sort.CoreFunction, index, offset, "a core function");

    private static void Need(int offset, CoreItem function, CoreFunctionType type, string what)
    {
        if (function.Type is not CoreFunctionType actual)
        {
            // A built-in of asynchronous components, which has a type only where a module imports it.
            throw new ComponentException(offset, $"{what} is a built-in of the component model");
        }

        if (!actual.Equals(type))
        {
            throw new ComponentException(offset, $"{what} has the core type {actual}, and {type} is needed");
        }
    }

    private static void NeedMemory(int offset, CanonOptions options, bool isNeeded) => NeedMemory(offset, options.Memory, isNeeded);

    private static void NeedMemory(int offset, CoreExport? memory, bool isNeeded)
    {
        if (isNeeded && memory is null)
        {
            throw new ComponentException(offset, "a canonical function has no memory, and its type needs one");
        }
    }

    private static void NeedRealloc(int offset, CanonOptions options, bool isNeeded)
    {
        if (isNeeded && options.Realloc is null)
        {
            throw new ComponentException(offset, "a canonical function has no realloc function, and its type needs one");
        }
    }
}
