namespace Skiff.Guest;

/// <summary>
/// Who makes the optimised code of what runs on baseline code: one process, however many containers start meanwhile. A claim is a
/// file that is made by the one who comes first. It goes when the code is there; if it stays, the attempt failed, and the next one
/// is made when the claim is old.
/// </summary>
public sealed partial class CodeCache
{
    private const string ClaimPrefix = "claim-";

    // The compiler may use ten minutes of CPU time; and what it cannot do now it will not do at the next start a second later.
    private static readonly TimeSpan ClaimAge = TimeSpan.FromHours(1);

    /// <summary>Whether somebody makes the optimised code, or has failed to lately.</summary>
    public bool IsClaimed(string digest) => IsYoung(new FileInfo(ClaimPath(digest)));

    /// <summary>Takes on to make the optimised code; false when somebody else has.</summary>
    /// <exception cref="IOException">The cache cannot be written.</exception>
    public bool TryClaim(string digest)
    {
        var claim = new FileInfo(ClaimPath(digest));
        if (claim.Exists && !IsYoung(claim))
        {
            // Two that come here at once may both claim: then the work is done twice, one after the other, the second finding the first's.
            claim.Delete();
        }

        Baseline.CreateFolders();
        try
        {
            using var file = new FileStream(claim.FullName, FileMode.CreateNew, FileAccess.Write);
            return true;
        }
        catch (IOException) when (File.Exists(claim.FullName))
        {
            return false;
        }
    }

    /// <summary>The code is there.</summary>
    public void RemoveClaim(string digest) => File.Delete(ClaimPath(digest));

    private void RemoveOldClaims()
    {
        if (Directory.Exists(Baseline.Folder))
        {
            foreach (var claim in new DirectoryInfo(Baseline.Folder).EnumerateFiles(ClaimPrefix + "*").Where(claim => !IsYoung(claim)))
            {
                claim.Delete();
            }
        }
    }

    private bool IsYoung(FileInfo claim) => claim.Exists && _time.GetUtcNow().UtcDateTime - claim.LastWriteTimeUtc < ClaimAge;

    private string ClaimPath(string digest)
    {
        RequireDigest(digest);
        return Path.Combine(Baseline.Folder, ClaimPrefix + digest);
    }
}
