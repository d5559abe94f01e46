using Skiff.Http.Serving;
using Skiff.Http.Tests.Doubles;

namespace Skiff.Http.Tests.Serving;

public sealed class SharedPlacesTests
{
    [Theory]
    [InlineData(1, 100, 50)]
    [InlineData(3, 100, 25)]
    [InlineData(9, 100, 10)]
    public void Guests_that_want_all_places_get_equal_shares_and_leave_one_for_who_comes(int guests, int places, int each)
    {
        var shared = new SharedPlaces(places);
        var taken = new int[guests];
        for (var round = 0; round < places; round++)
        {
            for (var guest = 0; guest < guests; guest++)
            {
                taken[guest] += shared.TryTake(taken[guest]) ? 1 : 0;
            }
        }

        Assert.All(taken, own => Assert.Equal(each, own));
        Assert.True(shared.TryTake(0));
    }

    [Fact]
    public void What_is_given_back_can_be_taken_again_and_no_more_than_there_is()
    {
        var shared = new SharedPlaces(1);
        Assert.True(shared.TryTake(0));
        Assert.False(shared.TryTake(0));
        shared.Give();
        Assert.True(shared.TryTake(0));
        Assert.Equal(0, shared.Free);
    }

    [Fact]
    public async Task None_is_lost_between_threads()
    {
        var shared = new SharedPlaces(8);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 50_000; i++)
            {
                if (shared.TryTake(0))
                {
                    shared.Give();
                }
            }
        })));
        Assert.Equal(8, shared.Free);
    }

    [Fact]
    public async Task A_guest_that_has_its_share_of_the_process_is_refused_with_a_503_and_a_neighbour_is_not()
    {
        var shared = new SharedPlaces(4);
        await using var greedy = await GuestSite.StartAsync("http.wasm", new ServingOptions { Shared = shared });
        await using var neighbour = await GuestSite.StartAsync("http.wasm", new ServingOptions { Shared = shared });
        using var client = new HttpClient();
        var slow = Enumerable.Range(0, 2).Select(_ => client.GetAsync($"http://{greedy.Address}/sleep/2000")).ToList();
        await Eventually.Equals(2, () => greedy.Metrics.Instances);

        Assert.Equal(503, (int)(await client.GetAsync($"http://{greedy.Address}/")).StatusCode);
        Assert.Equal(200, (int)(await client.GetAsync($"http://{neighbour.Address}/")).StatusCode);

        Assert.All(await Task.WhenAll(slow), answer => Assert.Equal(200, (int)answer.StatusCode));
        await Eventually.Equals(4, () => shared.Free);
        Assert.Equal(1, greedy.Metrics.Refused);
    }
}
