using Skiff.Linux.Tests.Doubles;

namespace Skiff.Linux.Tests;

public sealed class FileLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Waiters_get_the_lock_one_after_the_other()
    {
        var inside = 0;
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            using var held = await FileLock.AcquireAsync(_folder["lock"], CancellationToken.None);
            Assert.Equal(1, Interlocked.Increment(ref inside));
            await Task.Delay(5);
            Interlocked.Decrement(ref inside);
        }));
    }

    [Fact]
    public async Task A_cancelled_waiter_does_not_keep_the_lock()
    {
        using (FileLock.Acquire(_folder["lock"]))
        {
            Assert.Null(FileLock.TryAcquire(_folder["lock"]));
            using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FileLock.AcquireAsync(_folder["lock"], cancellation.Token));
        }

        using var next = await FileLock.AcquireAsync(_folder["lock"], CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_missing_folder_is_named()
    {
        var error = await Assert.ThrowsAsync<LinuxException>(() => FileLock.AcquireAsync(_folder["no/lock"], CancellationToken.None));
        Assert.Contains(_folder["no/lock"], error.Message, StringComparison.Ordinal);
    }
}
