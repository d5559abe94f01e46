namespace Skiff.Linux.Tests.Doubles;

internal static class Eventually
{
    public static async Task True(Func<bool> condition)
    {
        for (var i = 0; i < 1000 && !condition(); i++)
        {
            await Task.Delay(10);
        }

        Assert.True(condition(), "The condition did not come true within 10 s.");
    }
}
