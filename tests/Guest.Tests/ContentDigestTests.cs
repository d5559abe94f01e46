using System.Security.Cryptography;

namespace Skiff.Guest.Tests;

public sealed class ContentDigestTests
{
    [Fact]
    public void Every_length_around_the_block_edges_agrees_with_the_framework()
    {
        var content = new byte[300];
        new Random(1).NextBytes(content);
        for (var length = 0; length <= content.Length; length++)
        {
            var part = content.AsSpan(0, length);
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(part)), ContentDigest.Of(part));
        }
    }

    [Fact]
    public void Content_in_random_pieces_has_the_digest_of_the_whole()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var content = new byte[random.Next(2000)];
            random.NextBytes(content);
            var digest = new ContentDigest();
            for (var at = 0; at < content.Length;)
            {
                var count = Math.Min(random.Next(0, 150), content.Length - at);
                digest.Append(content.AsSpan(at, count));
                at += count;
            }

            Assert.True(Convert.ToHexStringLower(SHA256.HashData(content)) == digest.Finish(), $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void A_file_is_read_from_its_beginning_whatever_its_position()
    {
        var path = Path.GetTempFileName();
        try
        {
            var content = new byte[200_000];
            new Random(2).NextBytes(content);
            File.WriteAllBytes(path, content);
            using var file = new FileStream(path, FileMode.Open);
            file.Position = 77;
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), ContentDigest.Of(file.SafeFileHandle));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_finished_digest_takes_nothing_more()
    {
        var digest = new ContentDigest();
        digest.Finish();
        Assert.Throws<ObjectDisposedException>(() => digest.Append([1]));
    }

    [Theory]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", true)]
    [InlineData("E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false)]
    [InlineData("../../../../../../../../../../../../../../../../../../etc/passwd", false)]
    [InlineData("", false)]
    public void Only_lowercase_hex_of_the_right_length_is_a_digest(string text, bool valid) =>
        Assert.Equal(valid, ContentDigest.IsValid(text));
}
