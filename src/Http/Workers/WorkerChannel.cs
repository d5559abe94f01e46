using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Skiff.Http.Health;

namespace Skiff.Http.Workers;

/// <summary>
/// The socket between a supervisor and one worker. The worker says once that it answers requests; the supervisor asks for figures, or
/// to stop. Either sees the other's death as the end of the stream. Both are the same program, so numbers travel in its byte order.
/// </summary>
internal sealed class WorkerChannel(Socket socket) : IDisposable
{
    private const byte Ready = (byte)'R';
    private const byte AskFigures = (byte)'F';
    private const byte AskStop = (byte)'S';
    private const int FiguresMax = 4096;

    private readonly SemaphoreSlim _turn = new(1);

    public void Dispose()
    {
        socket.Dispose();
        _turn.Dispose();
    }

    // Supervisor's side -----------------------------------------------------------------------------------------------

    /// <summary>False: the worker ended before it was ready.</summary>
    public async Task<bool> WaitUntilReadyAsync(CancellationToken cancellation)
    {
        var message = new byte[1];
        return await ReadAsync(message, cancellation) && message[0] == Ready;
    }

    public async Task AskToStopAsync(CancellationToken cancellation)
    {
        try
        {
            await socket.SendAsync(new[] { AskStop }, cancellation);
        }
        catch (SocketException)
        {
            // It has ended already, which is what was wanted.
        }
    }

    /// <summary>Null: the worker has gone.</summary>
    public async Task<long[]?> FiguresAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            await socket.SendAsync(new[] { AskFigures }, cancellation);
            var length = new byte[sizeof(int)];
            if (!await ReadAsync(length, cancellation) || BinaryPrimitives.ReadInt32LittleEndian(length) is < 0 or > FiguresMax)
            {
                return null;
            }

            var numbers = new byte[BinaryPrimitives.ReadInt32LittleEndian(length) * sizeof(long)];
            return await ReadAsync(numbers, cancellation) ? MemoryMarshal.Cast<byte, long>(numbers).ToArray() : null;
        }
        catch (SocketException)
        {
            return null;
        }
        finally
        {
            _turn.Release();
        }
    }

    // Worker's side ---------------------------------------------------------------------------------------------------

    public Task SayReadyAsync(CancellationToken cancellation) => socket.SendAsync(new[] { Ready }, cancellation).AsTask();

    /// <summary>Answers the supervisor until it wants the worker to stop, or has gone.</summary>
    public async Task ServeAsync(Func<long[]> figures, CancellationToken cancellation)
    {
        var message = new byte[1];
        try
        {
            while (await ReadAsync(message, cancellation) && message[0] == AskFigures)
            {
                var numbers = figures();
                var answer = new byte[sizeof(int) + numbers.Length * sizeof(long)];
                BinaryPrimitives.WriteInt32LittleEndian(answer, numbers.Length);
                MemoryMarshal.AsBytes(numbers.AsSpan()).CopyTo(answer.AsSpan(sizeof(int)));
                await socket.SendAsync(answer, cancellation);
            }
        }
        catch (SocketException)
        {
            // The supervisor has gone.
        }
    }

    /// <summary>What a worker tells: what it has used, and what it counted.</summary>
    public static long[] Pack(ProcessFigures process, SiteMetrics metrics) =>
        [process.ResidentBytes, process.ProcessorTime.Ticks, process.MinorFaults, .. metrics.Snapshot()];

    /// <summary>Adds what a worker told.</summary>
    public static ProcessFigures Unpack(long[] figures, SiteMetrics into)
    {
        into.Add(figures.AsSpan(3));
        return new ProcessFigures(figures[0], TimeSpan.FromTicks(figures[1]), figures[2]);
    }

    private async Task<bool> ReadAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        while (!buffer.IsEmpty)
        {
            var count = await socket.ReceiveAsync(buffer, cancellation);
            if (count == 0)
            {
                return false;
            }

            buffer = buffer[count..];
        }

        return true;
    }
}
