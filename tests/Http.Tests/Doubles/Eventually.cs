namespace Skiff.Http.Tests.Doubles;

/// <summary>Waits for what another thread is about to do.</summary>
internal static class Eventually
{
    public static async Task Equals<T>(T expected, Func<T> actual, double seconds = 10)
    {
        for (var i = 0; i < seconds * 50 && !EqualityComparer<T>.Default.Equals(expected, actual()); i++)
        {
            await Task.Delay(20);
        }

        Assert.Equal(expected, actual());
    }
}
