using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Skiff.Wasi.Tests.Preview1;

/// <summary>Sockets that a Preview 1 guest was given.</summary>
public sealed class SocketTests
{
    // Accepts; shows 8 bytes by peeking into two vectors; reads 4; waits for 20 in two vectors and shows them; exits with how many of
    // another 20 came before the end.
    private const string Guest = """
        (module
          (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "sock_recv" (func $recv (param i32 i32 i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "\64\00\00\00\04\00\00\00\68\00\00\00\04\00\00\00\c8\00\00\00\0a\00\00\00\d2\00\00\00\0a\00\00\00")
          (func $must (param i32) (if (local.get 0) (then (call $exit (i32.add (i32.const 100) (local.get 0))))))
          (func (export "_start")
            (call $must (call $accept (i32.const 3) (i32.const 0) (i32.const 40)))
            (call $must (call $recv (i32.load (i32.const 40)) (i32.const 0) (i32.const 2) (i32.const 1) (i32.const 44) (i32.const 48)))
            (call $must (call $write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 48)))
            (call $must (call $read (i32.load (i32.const 40)) (i32.const 0) (i32.const 1) (i32.const 44)))
            (call $must (call $recv (i32.load (i32.const 40)) (i32.const 16) (i32.const 2) (i32.const 2) (i32.const 44) (i32.const 48)))
            (call $must (i32.ne (i32.load (i32.const 44)) (i32.const 20)))
            (call $must (call $write (i32.const 1) (i32.const 16) (i32.const 2) (i32.const 48)))
            (call $must (call $recv (i32.load (i32.const 40)) (i32.const 16) (i32.const 2) (i32.const 2) (i32.const 44) (i32.const 48)))
            (call $exit (i32.load (i32.const 44)))))
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Receiving_peeks_and_waits_for_all(bool fibers)
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var address = (IPEndPoint)probe.LocalEndpoint;
        probe.Stop();
        using var guest = new CoreGuest(CoreGuest.Text(Guest), new WasiContext { Listeners = [address] }, fibers);
        var run = fibers ? guest.StartOnFiberAsync() : Task.Run(guest.Start);
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(address);
        var stream = client.GetStream();
        foreach (var part in new[] { "abcdefgh", "ijkl", "mnopqrstuvwx", "yz" })
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(part));
            await Task.Delay(50);
        }

        client.Client.Shutdown(SocketShutdown.Send);
        var end = await run;
        Assert.Equal((2, null), (end?.ExitStatus, end?.Trap?.Message));
        Assert.Equal("abcdefghefghijklmnopqrstuvwx", guest.Printed);
    }
}
