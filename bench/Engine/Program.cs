namespace Skiff.Bench.Engine;

/// <summary>What the engine costs: `calls`, `quota`, `instances [module]`, or `fibers [guests [seconds]]`.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        switch (arguments.FirstOrDefault())
        {
            case "fibers":
                var guests = arguments.Length > 1 ? int.Parse(arguments[1], null) : 10_000;
                var seconds = arguments.Length > 2 ? int.Parse(arguments[2], null) : 5;
                return await Fibers.RunAsync(guests, TimeSpan.FromSeconds(seconds));
            case "calls":
                await HostCalls.RunAsync();
                return 0;
            case "quota":
                await Quota.RunAsync();
                return 0;
            case "instances":
                await Instances.RunAsync(arguments.ElementAtOrDefault(1));
                return 0;
            default:
                Console.Error.WriteLine("usage: calls | quota | instances [module] | fibers [guests [seconds]]");
                return 2;
        }
    }
}
