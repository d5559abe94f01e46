using Skiff.Http.Health;

namespace Skiff.Http.Workers;

/// <summary>
/// Decides by measurement whether a guest wants processes of its own: minor page faults for each of the first requests, which
/// fresh instances cause by every page that they touch.
/// </summary>
/// <param name="requests">How many requests to look at.</param>
public sealed class DirtyPages(SiteMetrics metrics, int requests = DirtyPages.RequestsDefault)
{
    public const int RequestsDefault = 64;

    /// <summary>
    /// A small guest touches about 20 pages, a JavaScript engine 600, a .NET one 12,000. Contention for the address space began to
    /// cost more than a second thread brings between the first two.
    /// </summary>
    public const int PagesMin = 150;

    // The first requests also page in the program and its code.
    private readonly int _warmUp = requests / 4;
    private long _faultsBefore = -1;
    private long _requestsBefore;

    /// <summary>Pages that each request dirtied; 0 while not enough is known.</summary>
    public double PagesPerRequest { get; private set; }

    /// <summary>Looks again. Null: not enough requests yet.</summary>
    public bool? Decide()
    {
        var count = metrics.Requests;
        if (_faultsBefore < 0)
        {
            if (count >= _warmUp)
            {
                (_faultsBefore, _requestsBefore) = (ProcessFigures.Read().MinorFaults, count);
            }

            return null;
        }

        if (count - _requestsBefore < requests)
        {
            return null;
        }

        PagesPerRequest = (ProcessFigures.Read().MinorFaults - _faultsBefore) / (double)(count - _requestsBefore);
        return PagesPerRequest >= PagesMin;
    }
}
