using System.Net;
using Skiff.Harness;

namespace Skiff.Functional;

/// <summary>Asking a guest that has been started and may not listen yet.</summary>
internal static class Answers
{
    /// <summary>The first answer; until somebody listens it is asked again.</summary>
    public static async Task<string> FirstAsync(HttpClient client, string address)
    {
        var answer = "";
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                try
                {
                    answer = await client.GetStringAsync(address);
                    return true;
                }
                catch (HttpRequestException fault) when (fault.StatusCode is null or HttpStatusCode.ServiceUnavailable)
                {
                    return false;
                }
            },
            $"{address} answers");
        return answer;
    }
}
