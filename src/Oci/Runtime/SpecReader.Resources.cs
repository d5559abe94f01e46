using System.Text.Json;

namespace Skiff.Oci.Runtime;

/// <summary><c>linux.resources</c>.</summary>
internal ref partial struct SpecReader
{
    private ResourcesSpec ReadResources()
    {
        var resources = new ResourcesSpec();
        Expect(JsonTokenType.StartObject);
        while (NextMember())
        {
            if (Is("memory"u8, "linux.resources.memory") && !IsNull())
            {
                resources = ReadMemory(resources);
            }
            else if (Is("cpu"u8, "linux.resources.cpu") && !IsNull())
            {
                resources = ReadCpu(resources);
            }
            else
            {
                SkipValue();
            }
        }

        return resources;
    }

    private ResourcesSpec ReadMemory(ResourcesSpec resources)
    {
        Expect(JsonTokenType.StartObject);
        while (NextMember())
        {
            if (Is("limit"u8, "linux.resources.memory.limit"))
            {
                resources = resources with { MemoryLimit = ReadNumber() };
            }
            else
            {
                SkipValue();
            }
        }

        return resources;
    }

    private ResourcesSpec ReadCpu(ResourcesSpec resources)
    {
        Expect(JsonTokenType.StartObject);
        while (NextMember())
        {
            if (Is("quota"u8, "linux.resources.cpu.quota"))
            {
                resources = resources with { CpuQuota = ReadNumber() };
            }
            else if (Is("period"u8, "linux.resources.cpu.period"))
            {
                resources = resources with { CpuPeriod = ReadNumber() };
            }
            else if (Is("shares"u8, "linux.resources.cpu.shares"))
            {
                resources = resources with { CpuShares = ReadNumber() };
            }
            else
            {
                SkipValue();
            }
        }

        return resources;
    }

    // A period is unsigned 64 bits in the specification: what is larger than any time is as good as the largest.
    private readonly long? ReadNumber() => IsNull() ? null : _json.TryGetInt64(out var number) ? number : long.MaxValue;
}
