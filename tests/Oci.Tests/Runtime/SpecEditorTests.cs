using System.Text;
using System.Text.Json;
using Skiff.Oci.Runtime;

namespace Skiff.Oci.Tests.Runtime;

public sealed class SpecEditorTests
{
    private static string Edit(string json, Action<SpecEditor> edit)
    {
        var editor = new SpecEditor(Encoding.UTF8.GetBytes(json));
        edit(editor);
        var edited = Encoding.UTF8.GetString(editor.ToJson());
        using var parsed = JsonDocument.Parse(edited);
        return edited;
    }

    [Fact]
    public void Without_edits_every_byte_is_kept() =>
        Assert.Equal("""{ "a" : 1e3, "ü":[ ] , "z":{"b":null}}""", Edit("""{ "a" : 1e3, "ü":[ ] , "z":{"b":null}}""", _ => { }));

    [Fact]
    public void A_value_is_replaced_and_all_other_bytes_are_kept() =>
        Assert.Equal(
            """{ "a" : 1.50, "b": "new", "c":[1, 2 ]}""",
            Edit("""{ "a" : 1.50, "b": {"old":[1]}, "c":[1, 2 ]}""", e => e.Set("/b", "new")));

    [Fact]
    public void A_missing_member_is_added() =>
        Assert.Equal("""{"a":{"x":1,"y":"2"}}""", Edit("""{"a":{"x":1}}""", e => e.Set("/a/y", "2")));

    [Fact]
    public void A_member_is_added_to_an_empty_object() =>
        Assert.Equal("""{"a":"1"}""", Edit("{}", e => e.Set("/a", "1")));

    [Fact]
    public void Missing_objects_and_arrays_on_the_way_are_made() =>
        Assert.Equal("""{"a":{"b":["1","2"]}}""", Edit("{}", e => e.Set("/a/b/-", "1").Set("/a/b/-", "2")));

    [Theory]
    [InlineData("""{"env":[]}""", """{"env":["X=1"]}""")]
    [InlineData("""{"env":["A=1"]}""", """{"env":["A=1","X=1"]}""")]
    [InlineData("""{"env":null}""", """{"env":["X=1"]}""")]
    [InlineData("""{"b":1}""", """{"b":1,"env":["X=1"]}""")]
    public void An_element_is_appended(string json, string expected) =>
        Assert.Equal(expected, Edit(json, e => e.Set("/env/-", "X=1")));

    [Fact]
    public void Elements_are_changed_by_index_and_appended_in_one_pass() =>
        Assert.Equal(
            """{"m":[{"s":"/a"},{"s":"rel","t":[]},{"s":"/abs"},{"n":1}]}""",
            Edit(
                """{"m":[{"s":"/a"},{"s":"rel","t":[]},{"s":"x"}]}""",
                e => e.Set("/m/2/s", "/abs").SetRaw("/m/-", """{"n":1}"""u8.ToArray())));

    [Fact]
    public void Every_occurrence_of_a_repeated_name_is_changed() =>
        Assert.Equal("""{"a":"n","a":"n"}""", Edit("""{"a":1,"a":2}""", e => e.Set("/a", "n")));

    [Fact]
    public void Escaped_names_are_the_names_they_spell() =>
        Assert.Equal("""{"\u0061":"n"}""", Edit("""{"\u0061":1}""", e => e.Set("/a", "n")));

    [Fact]
    public void A_pointer_can_name_members_with_slashes() =>
        Assert.Equal("""{"a/b":"n"}""", Edit("""{"a/b":1}""", e => e.Set("/a~1b", "n")));

    [Fact]
    public void Text_is_escaped() =>
        Assert.Equal("\n\"\\", JsonDocument.Parse(Edit("{}", e => e.Set("/a", "\n\"\\"))).RootElement.GetProperty("a").GetString());

    [Theory]
    [InlineData("""{"a":1}""")]
    [InlineData("""{"a":"text"}""")]
    public void A_way_through_a_plain_value_is_refused(string json) =>
        Assert.Contains("'/a'", Assert.Throws<OciFormatException>(() => Edit(json, e => e.Set("/a/b", "n"))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"a":1} x""")]
    [InlineData("""{"a":1,}""")]
    public void Malformed_json_is_refused(string json) =>
        Assert.Throws<OciFormatException>(() => Edit(json, e => e.Set("/b", "n")));

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    public void A_place_that_is_no_pointer_is_a_fault_of_the_caller(string place) =>
        Assert.Throws<ArgumentException>(() => Edit("{}", e => e.Set(place, "n")));

    [Fact]
    public void Random_documents_keep_all_members_that_are_not_edited()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var round = 0; round < 500; round++)
        {
            var json = RandomValue(random, 0, forceObject: true);
            var edited = Edit(json, e => e.Set("/edited", "yes").Set("/list/-", "x"));
            using var before = JsonDocument.Parse(json);
            using var after = JsonDocument.Parse(edited);
            foreach (var member in before.RootElement.EnumerateObject())
            {
                Assert.True(
                    after.RootElement.TryGetProperty(member.Name, out var kept) && kept.GetRawText() == member.Value.GetRawText(),
                    $"seed {seed}: {json} became {edited}");
            }

            Assert.Equal("yes", after.RootElement.GetProperty("edited").GetString());
        }
    }

    private static string RandomValue(Random random, int depth, bool forceObject = false)
    {
        var kind = forceObject ? 0 : random.Next(depth > 4 ? 2 : 0, 6);
        return kind switch
        {
            0 => "{" + string.Join(", ", Enumerable.Range(0, random.Next(5)).Select(i => $"\"n{i}\" : {RandomValue(random, depth + 1)}")) + " }",
            1 => "[ " + string.Join(",", Enumerable.Range(0, random.Next(5)).Select(_ => RandomValue(random, depth + 1))) + "]",
            2 => "\"t\\u00e9\\n\"",
            3 => "-1.50E+3",
            4 => "null",
            _ => "true",
        };
    }
}
