using System.Globalization;
using Skiff.Bench.Http;
using Skiff.Http.Serving;

// plain PORT | guest FILE PORT [REQUESTS-PER-INSTANCE [IN-FLIGHT [KIB-KEPT]]] | compile FILE | [FIGURE...]
switch (args)
{
    case ["plain", var port]:
        await PlainServer.RunAsync(int.Parse(port, CultureInfo.InvariantCulture));
        return 0;
    case ["guest", var file, var port, .. var more]:
        await GuestServer.RunAsync(file, int.Parse(port, CultureInfo.InvariantCulture), new ServingOptions
        {
            RequestsPerInstance = more.Length > 0 ? int.Parse(more[0], CultureInfo.InvariantCulture) : 1,
            InFlightMax = more.Length > 1 ? int.Parse(more[1], CultureInfo.InvariantCulture) : 1000,
            QueueTime = TimeSpan.FromSeconds(30),
        },
        more.Length > 2 ? 1024 * int.Parse(more[2], CultureInfo.InvariantCulture) : null);
        return 0;
    case ["compile", var file]:
        GuestServer.Compile(file);
        return 0;
    default:
        return await Figures.RunAsync(args);
}
