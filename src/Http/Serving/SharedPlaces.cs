namespace Skiff.Http.Serving;

/// <summary>
/// The places for instances that all guests of a process share. A guest may take another one while more are free than it has: alone it
/// gets half of them, of <c>n</c> that want all of them each gets an <c>n+1</c>th, and one that comes new finds as many free.
/// </summary>
/// <param name="count">Instances that the process can have.</param>
public sealed class SharedPlaces(int count)
{
    private int _free = count;

    public int Free => Volatile.Read(ref _free);

    /// <param name="own">How many the guest has.</param>
    /// <returns>False: it has its share. Else <see cref="Give"/> it back.</returns>
    public bool TryTake(int own)
    {
        for (var free = Free; free > own; free = Free)
        {
            if (Interlocked.CompareExchange(ref _free, free - 1, free) == free)
            {
                return true;
            }
        }

        return false;
    }

    public void Give() => Interlocked.Increment(ref _free);
}
