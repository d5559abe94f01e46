namespace Skiff.Guest.Tests;

public sealed class GuestBoundsTests
{
    private static GuestSpec Spec(GuestBounds bounds) => new()
    {
        Arguments = ["app"],
        Environment = [],
        Code = new CompiledCode("", CodeKind.Module, []),
        Limits = GuestLimits.None with { Bounds = bounds },
    };

    [Fact]
    public void A_pod_lowers_what_the_operator_allows_and_cannot_raise_it()
    {
        var operators = GuestBounds.None.With("max-sockets", "9000").With("max-log-rate", "64Ki").Or(GuestBounds.Shared);
        var spec = new GuestPermissions()
            .With("max-sockets", "10000")
            .With("max-timers", "5")
            .With("max-log-rate", "1Mi")
            .ApplyTo(Spec(operators));
        Assert.Equal(GuestBounds.Default with { Sockets = 9000, Timers = 5, LogRate = 64 << 10 }, spec.Limits.Bounds);
    }

    [Fact]
    public void Everything_has_a_default_and_logs_are_as_fast_as_their_reader_where_a_guest_is_alone()
    {
        var spec = new GuestPermissions().ApplyTo(Spec(GuestBounds.Default));
        Assert.Equal(GuestBounds.Default, spec.Limits.Bounds);
        Assert.Null(spec.Limits.Bounds.LogRate);
        Assert.All(GuestBounds.Names, name => Assert.NotEqual(GuestBounds.Shared, GuestBounds.Shared.With(name, "7")));
        Assert.NotNull(GuestBounds.Shared.LogRate);
    }

    [Theory]
    [InlineData("max-sockets", "0")]
    [InlineData("max-open-files", "-1")]
    [InlineData("max-timers", "1e3")]
    [InlineData("max-log-rate", "fast")]
    [InlineData("max-hope", "1")]
    public void What_cannot_be_read_is_refused_by_name(string name, string value)
    {
        Assert.Contains(name, Assert.Throws<GuestException>(() => GuestBounds.None.With(name, value)).Message, StringComparison.Ordinal);
    }
}
