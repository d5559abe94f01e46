using Skiff.Components.Host;
using Skiff.Http.Bindings.Http;
using Skiff.Wasi.Bindings.Io;
using Skiff.Wasi.Streams;

namespace Skiff.Http.Outgoing;

/// <summary>wasi:http/types.future-incoming-response. Dropped before its time, it cancels the request.</summary>
internal sealed class FutureIncomingResponse(Task<Result<IncomingResponse, ErrorCode>> answer, CancellationTokenSource cancel)
    : IFutureIncomingResponse, IDisposable
{
    private bool _taken;

    public IPollable Subscribe() => new Answered(answer);

    public Result<Result<IIncomingResponse, ErrorCode>, Unit>? Get()
    {
        if (!answer.IsCompleted)
        {
            return null;
        }

        if (_taken)
        {
            return Result<Result<IIncomingResponse, ErrorCode>, Unit>.Error(default);
        }

        _taken = true;
        var outcome = answer.GetAwaiter().GetResult();
        return Result<Result<IIncomingResponse, ErrorCode>, Unit>.Ok(outcome.IsOk
            ? Result<IIncomingResponse, ErrorCode>.Ok(outcome.Value)
            : Result<IIncomingResponse, ErrorCode>.Error(outcome.ErrorValue));
    }

    public void Dispose()
    {
        if (_taken)
        {
            return;
        }

        _taken = true;
        cancel.Cancel();
        // An answer that nobody fetched holds its connection.
        _ = answer.ContinueWith(
            static done =>
            {
                if (done.Result.IsOk)
                {
                    done.Result.Value.Dispose();
                }
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private sealed class Answered(Task answer) : Pollable
    {
        public override bool IsReady => answer.IsCompleted;

        public override ValueTask WaitAsync(CancellationToken cancellation) => new(answer.WaitAsync(cancellation));
    }
}
