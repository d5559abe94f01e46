using System.Reflection;
using System.Runtime.InteropServices;
using Skiff.Engine.Native;

namespace Skiff.Engine.Tests;

/// <summary>Our C structures against those of the managed package of the same version.</summary>
public sealed class LayoutTests
{
    private static readonly Assembly Managed = typeof(Wasmtime.Engine).Assembly;

    [Theory]
    [InlineData(typeof(Vector), "Wasmtime.ByteArray")]
    [InlineData(typeof(Vector), "Wasmtime.ImportTypeArray")]
    [InlineData(typeof(Vector), "Wasmtime.ExportTypeArray")]
    [InlineData(typeof(Vector), "Wasmtime.ValueTypeArray")]
    [InlineData(typeof(Vector), "Wasmtime.TrapException+Native+FrameArray")]
    [InlineData(typeof(wasmtime_func_t), "Wasmtime.ExternFunc")]
    [InlineData(typeof(wasmtime_instance_t), "Wasmtime.ExternInstance")]
    [InlineData(typeof(wasmtime_memory_t), "Wasmtime.ExternMemory")]
    [InlineData(typeof(wasmtime_extern_t), "Wasmtime.Extern")]
    [InlineData(typeof(wasmtime_val_t), "Wasmtime.Value")]
    [InlineData(typeof(RawValue), "Wasmtime.ValueRaw")]
    public void A_structure_is_as_large_as_in_the_managed_package(Type ours, string theirs) =>
        Assert.Equal(Marshal.SizeOf(Managed.GetType(theirs, throwOnError: true)!), Marshal.SizeOf(ours));

    [Theory]
    [InlineData(typeof(wasmtime_memory_t), "private2", "Wasmtime.ExternMemory", "__private2")]
    [InlineData(typeof(wasmtime_extern_t), "func", "Wasmtime.Extern", "of")]
    [InlineData(typeof(wasmtime_memory_t), "private1", "Wasmtime.ExternMemory", "__private1")]
    [InlineData(typeof(wasmtime_val_t), "bits", "Wasmtime.Value", "of")]
    public void A_field_lies_where_the_managed_package_has_it(Type ours, string field, string theirs, string theirField) =>
        Assert.Equal(Marshal.OffsetOf(Managed.GetType(theirs, throwOnError: true)!, theirField), Marshal.OffsetOf(ours, field));

    // The managed package binds neither asynchronous calls nor stack creators; the headers have three and three pointers.
    [Theory]
    [InlineData(typeof(wasmtime_async_continuation_t), 24)]
    [InlineData(typeof(wasmtime_stack_creator_t), 24)]
    [InlineData(typeof(wasmtime_stack_memory_t), 24)]
    [InlineData(typeof(RawValue), 16)]
    public void A_structure_that_the_managed_package_lacks_is_as_large_as_in_the_headers(Type ours, int size) =>
        Assert.Equal(size, Marshal.SizeOf(ours));

    [Theory]
    [InlineData("Wasmtime.ValueKind", "Int32", wasmtime_val_t.I32)]
    [InlineData("Wasmtime.ValueKind", "Float64", wasmtime_val_t.F64)]
    [InlineData("Wasmtime.ExternKind", "Func", wasmtime_extern_t.Func)]
    [InlineData("Wasmtime.ExternKind", "Memory", wasmtime_extern_t.Memory)]
    [InlineData("Wasmtime.ExternKind", "Global", wasmtime_extern_t.Global)]
    [InlineData("Wasmtime.ExternKind", "Table", wasmtime_extern_t.Table)]
    [InlineData("Wasmtime.ValueKind", "Int64", wasmtime_val_t.I64)]
    [InlineData("Wasmtime.ValueKind", "Float32", wasmtime_val_t.F32)]
    public void A_kind_has_the_number_of_the_managed_package(string type, string name, byte number) =>
        Assert.Equal(Convert.ToByte(Enum.Parse(Managed.GetType(type, throwOnError: true)!, name)), number);

    [Fact]
    public void The_tag_names_the_version_of_the_package() =>
        Assert.StartsWith($"wasmtime-{Managed.GetName().Version!.ToString(3)}-", WasmEngine.Tag, StringComparison.Ordinal);
}
