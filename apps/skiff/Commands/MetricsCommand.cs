using System.CommandLine;
using System.Net.Sockets;
using Skiff.Guest;
using Skiff.Http;
using Skiff.Http.Health;
using Skiff.Http.Serving;

namespace Skiff.Cli.Commands;

/// <summary><c>skiff metrics</c>: what <c>skiff ps</c> shows, for a collector: once, or at an address.</summary>
internal static class MetricsCommand
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    public static Command Create()
    {
        var folder = PsCommand.SocketsOption();
        var listen = new Option<string?>("--listen") { Description = "Answer at /metrics and /healthz of this address, until stopped", HelpName = "IP:PORT" };
        var command = new Command("metrics", "Print the figures of this node's guests (OpenMetrics)") { folder, listen };
        command.SetAction(async (parsed, _) =>
        {
            var sockets = parsed.GetValue(folder)!;
            if (parsed.GetValue(listen) is { } address)
            {
                return await ListenAsync(sockets, address);
            }

            Console.Out.Write(NodeMetrics.Write(await PsCommand.ListAsync(sockets)));
            return 0;
        });
        return command;
    }

    private static async Task<int> ListenAsync(string sockets, string address)
    {
        try
        {
            using var stop = new StopSignals();
            await using var host = new HttpHost(new HttpLimits(), TimeProvider.System);
            await host.StartAsync(CancellationToken.None);
            using var socket = ListeningSocket.Bind(ListeningSocket.Parse(address, "--listen"));
            Outcome.Complain($"metrics at http://{socket.LocalEndPoint}/metrics");
            host.Listen(socket, new HttpSite("operator", new HealthHandler(
                async _ => NodeMetrics.Write(await PsCommand.ListAsync(sockets)), () => stop.Token.IsCancellationRequested)));
            await stop.WaitAsync();
            await host.StopAsync(Grace);
            return 0;
        }
        catch (Exception fault) when (fault is GuestException or SocketException)
        {
            Outcome.Complain(fault.Message);
            return GuestExit.CannotExecute;
        }
    }
}
