using System.Runtime.InteropServices;

namespace Skiff.Engine.Native;

/// <summary>Owners of the engine's objects: each is deleted exactly once, also when a constructor fails half-way.</summary>
internal abstract class EngineObject() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected void Take(nint pointer) => SetHandle(pointer);

    protected abstract void Delete(nint pointer);

    protected sealed override bool ReleaseHandle()
    {
        Delete(handle);
        return true;
    }
}

internal sealed class EngineHandle : EngineObject
{
    public EngineHandle(nint pointer) => Take(pointer);

    protected override void Delete(nint pointer) => EngineApi.wasm_engine_delete(pointer);
}

internal sealed class CoreModuleHandle : EngineObject
{
    public CoreModuleHandle(nint pointer) => Take(pointer);

    protected override void Delete(nint pointer) => ModuleApi.wasmtime_module_delete(pointer);
}

internal sealed class LinkerHandle : EngineObject
{
    public LinkerHandle(nint pointer) => Take(pointer);

    protected override void Delete(nint pointer) => ModuleApi.wasmtime_linker_delete(pointer);
}

internal sealed class InstancePreHandle : EngineObject
{
    public InstancePreHandle(nint pointer) => Take(pointer);

    protected override void Delete(nint pointer) => ModuleApi.wasmtime_instance_pre_delete(pointer);
}

internal sealed class StoreHandle : EngineObject
{
    public StoreHandle(nint pointer) => Take(pointer);

    protected override void Delete(nint pointer) => StoreApi.wasmtime_store_delete(pointer);
}
