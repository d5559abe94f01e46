using Skiff.Components.Abi;
using Skiff.Components.Host;

namespace Skiff.Components.Tests.Running;

/// <summary>
/// Results that are not what the type says. The guest returns whatever address (or flat value) the test gives it, over memory that the
/// test has filled: CanonicalABI.md, "Loading" and "Lifting", case by case.
/// </summary>
public sealed class LyingGuestTests
{
    private const uint MemorySize = 65536;

    // Where the tests put what the guest returns, if they do not say otherwise.
    private const uint Area = 64;

    private static string Guest(string type, string encoding = "utf8") => $"""
        (component
          (core module $m
            (memory (export "memory") 1)
            (func (export "lie") (param i32) (result i32) local.get 0)
            (func (export "lie64") (param i64) (result i64) local.get 0))
          (core instance $i (instantiate $m))
          (alias core export $i "memory" (core memory $mem))
          {(type is "u64"
              ? $"(func (export \"lie\") (param \"at\" u64) (result {type}) (canon lift (core func $i \"lie64\")))"
              : $"(func (export \"lie\") (param \"at\" u32) (result {type}) (canon lift (core func $i \"lie\") (memory $mem) string-encoding={encoding}))")})
        """;

    [Theory]
    [InlineData("utf8", 65536, 0, "")]
    [InlineData("utf8", 16, 3, "abc")]
    [InlineData("utf8", 65537, 0, "!pointer out of bounds")]
    [InlineData("utf8", 65535, 2, "!pointer out of bounds")]
    [InlineData("utf8", 0xffffffff, 1, "!pointer out of bounds")]
    [InlineData("utf8", 0xffffffff, 0x0fffffff, "!pointer out of bounds")]
    [InlineData("utf8", 0, 0x0fffffff, "!pointer out of bounds")]
    [InlineData("utf8", 0, 0x10000000, "!too long: it exceeds the 268435455 allowed")]
    [InlineData("utf8", 0, 0xffffffff, "!too long: it exceeds the 268435455 allowed")]
    [InlineData("utf16", 17, 0, "!unaligned pointer")]
    [InlineData("utf16", 16, 1, "扡")]
    [InlineData("utf16", 65534, 2, "!pointer out of bounds")]
    [InlineData("utf16", 0, 0x08000000, "!too long: it exceeds the 268435455 allowed")]
    [InlineData("utf16", 0, 0x80000001, "!too long: it exceeds the 268435455 allowed")]
    [InlineData("latin1+utf16", 17, 1, "!unaligned pointer")]
    [InlineData("latin1+utf16", 16, 3, "abc")]
    [InlineData("latin1+utf16", 16, 0x80000001, "扡")]
    [InlineData("latin1+utf16", 65534, 0x80000002, "!pointer out of bounds")]
    [InlineData("latin1+utf16", 0, 0x88000000, "!too long: it exceeds the 268435455 allowed")]
    public void Strings_lie_where_they_say(string encoding, uint address, uint length, string expected)
    {
        using var guest = new RunningGuest(Guest("string", encoding));
        Poke(guest, 8, [.. U32(address), .. U32(length)]);
        Poke(guest, 16, "abc"u8);
        Expect(guest, ComponentValue.U32(8), expected, value => value.AsString);
    }

    [Theory]
    [InlineData("utf8", "C080", "!invalid utf-8")]
    [InlineData("utf8", "EDA080", "!invalid utf-8")]
    [InlineData("utf8", "F4908080", "!invalid utf-8")]
    [InlineData("utf8", "E282", "!invalid utf-8")]
    [InlineData("utf8", "80", "!invalid utf-8")]
    [InlineData("utf8", "FF", "!invalid utf-8")]
    [InlineData("utf8", "F0908080", "\U00010000")]
    [InlineData("utf8", "00", "\0")]
    [InlineData("utf16", "00D8", "!unpaired surrogate")]
    [InlineData("utf16", "00DC", "!unpaired surrogate")]
    [InlineData("utf16", "00DC00D8", "!unpaired surrogate")]
    [InlineData("utf16", "00D86100", "!unpaired surrogate")]
    [InlineData("utf16", "610000D800DC6200", "a\U00010000b")]
    [InlineData("utf16", "00D800DC00D8", "!unpaired surrogate")]
    [InlineData("utf16", "00D800DC00D800DC", "\U00010000\U00010000")]
    [InlineData("latin1+utf16", "E4FF", "äÿ")]
    [InlineData("latin1+utf16-tagged", "00D8", "!unpaired surrogate")]
    [InlineData("latin1+utf16-tagged", "AC20", "€")]
    public void Strings_are_well_formed(string encoding, string bytes, string expected)
    {
        var tagged = encoding.EndsWith("-tagged", StringComparison.Ordinal);
        using var guest = new RunningGuest(Guest("string", encoding.Replace("-tagged", "", StringComparison.Ordinal)));
        var raw = Convert.FromHexString(bytes);
        var length = tagged ? ((uint)raw.Length / 2) | 0x80000000 : encoding == "utf16" ? (uint)raw.Length / 2 : (uint)raw.Length;
        Poke(guest, 8, [.. U32(16), .. U32(length)]);
        Poke(guest, 16, raw);
        Expect(guest, ComponentValue.U32(8), expected, value => value.AsString);
    }

    [Theory]
    [InlineData("(list u8)", 65536, 0, "0")]
    [InlineData("(list u8)", 1, 65535, "65535")]
    [InlineData("(list u8)", 1, 65536, "!pointer out of bounds")]
    [InlineData("(list u8)", 0, 0x10000000, "!too long")]
    [InlineData("(list u16)", 1, 0, "!unaligned pointer")]
    [InlineData("(list u16)", 65536, 0, "0")]
    [InlineData("(list u32)", 65532, 1, "1")]
    [InlineData("(list u32)", 65532, 2, "!pointer out of bounds")]
    [InlineData("(list u64)", 4, 0, "!unaligned pointer")]
    [InlineData("(list u64)", 0, 0x20000000, "!too long")]
    [InlineData("(list u64)", 0, 0xffffffff, "!too long")]
    [InlineData("(list (tuple u8 u32))", 2, 1, "!unaligned pointer")]
    [InlineData("(list (tuple u8 u32))", 65528, 1, "1")]
    [InlineData("(list (tuple u8 u32))", 65532, 1, "!pointer out of bounds")]
    [InlineData("(list (list u8))", 64, 2, "2")]
    [InlineData("(list string)", 3, 0, "!unaligned pointer")]
    public void Lists_lie_where_they_say(string type, uint address, uint length, string expected)
    {
        using var guest = new RunningGuest(Guest(type));
        Poke(guest, 8, [.. U32(address), .. U32(length)]);
        Expect(guest, ComponentValue.U32(8), expected, value => value.AsList.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("bool", 0, "false")]
    [InlineData("bool", 2, "true")]
    [InlineData("bool", 0x100, "true")]
    [InlineData("u8", 0x1ff, "255")]
    [InlineData("s8", 0x80, "-128")]
    [InlineData("s8", 0xffffff7f, "127")]
    [InlineData("u16", 0x12345, "9029")]
    [InlineData("s16", 0x8000, "-32768")]
    [InlineData("s32", 0xffffffff, "-1")]
    [InlineData("u32", 0xffffffff, "4294967295")]
    [InlineData("char", 0xd7ff, "'\ud7ff'")]
    [InlineData("char", 0xd800, "!invalid char")]
    [InlineData("char", 0xdfff, "!invalid char")]
    [InlineData("char", 0x10ffff, "'\U0010ffff'")]
    [InlineData("char", 0x110000, "!invalid char")]
    [InlineData("char", 0xffffffff, "!invalid char")]
    [InlineData("(enum \"a\" \"b\" \"c\")", 2, "#2")]
    [InlineData("(enum \"a\" \"b\" \"c\")", 3, "!invalid discriminant")]
    [InlineData("(enum \"a\" \"b\" \"c\")", 0x100, "!invalid discriminant")]
    [InlineData("(enum \"a\")", 0xffffffff, "!invalid discriminant")]
    [InlineData("(flags \"a\" \"b\" \"c\")", 0xffffffff, "0x7")]
    [InlineData("(flags \"a\" \"b\" \"c\" \"d\" \"e\" \"f\" \"g\" \"h\" \"i\")", 0xfffffe01, "0x1")]
    [InlineData("(result)", 1, "#1")]
    [InlineData("(result)", 2, "!invalid discriminant")]
    [InlineData("u64", 0xffffffff, "4294967295")]
    public void Flat_values_are_what_the_type_allows(string type, uint flat, string expected) => Expect(type, flat, "", expected);

    [Theory]
    [InlineData("(option u8)", "0009", "#0")]
    [InlineData("(option u8)", "0109", "#1(9)")]
    [InlineData("(option u8)", "0209", "!invalid discriminant")]
    [InlineData("(option u64)", "01EEEEEEEEEEEEEE0700000000000000", "#1(7)")]
    [InlineData("(result u8 (error u32))", "00000000FF000000", "#0(255)")]
    [InlineData("(result u8 (error u32))", "01000000FFFF0000", "#1(65535)")]
    [InlineData("(result u8 (error u32))", "FF000000FFFF0000", "!invalid discriminant")]
    [InlineData("(tuple bool char)", "02AAAAAA41000000", "(true, 'A')")]
    [InlineData("(tuple bool char)", "00AAAAAA00D80000", "!invalid char")]
    [InlineData("(tuple s8 u16 s32 u64)", "FFAAFFFFFFFFFFFF0100000000000000", "(-1, 65535, -1, 1)")]
    [InlineData("(tuple f32 f64)", "0000C03FAAAAAAAA0000000000000440", "(1.5, 2.5)")]
    [InlineData("(tuple u8 (enum \"a\" \"b\"))", "0102", "!invalid discriminant")]
    [InlineData("(tuple u8 (flags \"a\" \"b\"))", "01FE", "(1, 0x2)")]
    [InlineData("(variant (case \"a\" u8) (case \"b\" f64) (case \"c\"))", "02AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "#2")]
    [InlineData("(variant (case \"a\" u8) (case \"b\" f64) (case \"c\"))", "01AAAAAAAAAAAAAA0000000000000440", "#1(2.5)")]
    [InlineData("(variant (case \"a\" u8) (case \"b\" f64) (case \"c\"))", "03AAAAAAAAAAAAAA0000000000000440", "!invalid discriminant")]
    [InlineData("(record (field \"a\" (option (option bool))) (field \"b\" u8))", "01010100", "(#1(#1(true)), 0)")]
    [InlineData("(record (field \"a\" (option (option bool))) (field \"b\" u8))", "01020100", "!invalid discriminant")]
    public void Stored_values_are_what_the_type_allows(string type, string bytes, string expected) => Expect(type, Area, bytes, expected);

    [Theory]
    [InlineData("(tuple u8 u8)", 65534, "(0, 0)")]
    [InlineData("(tuple u8 u8)", 65535, "!pointer out of bounds")]
    [InlineData("(tuple u8 u8)", 0xffffffff, "!pointer out of bounds")]
    [InlineData("(tuple u32 u8)", 2, "!unaligned pointer")]
    [InlineData("(tuple u32 u8)", 65528, "(0, 0)")]
    [InlineData("(tuple u32 u8)", 65532, "!pointer out of bounds")]
    [InlineData("(tuple u64 u8)", 4, "!unaligned pointer")]
    [InlineData("string", 65532, "!pointer out of bounds")]
    [InlineData("string", 6, "!unaligned pointer")]
    [InlineData("string", 0xfffffffc, "!pointer out of bounds")]
    public void The_result_lies_where_the_guest_says(string type, uint address, string expected) => Expect(type, address, "", expected);

    [Fact]
    public void Overlapping_strings_do_not_fill_the_host()
    {
        using var guest = new RunningGuest(Guest("(list string)", "latin1+utf16"));
        var pair = new byte[] { 0, 0, 0, 0, 0x60, 0xea, 0, 0 };
        Poke(guest, 8, [.. U32(64), .. U32(8000)]);
        Poke(guest, 64, [.. Enumerable.Repeat(pair, 8000).SelectMany(bytes => bytes)]);
        var trap = guest.Trap("lie", ComponentValue.U32(8));
        Assert.Contains("more than the guest's memory warrants", trap, StringComparison.Ordinal);
    }

    [Fact]
    public void Overlapping_lists_do_not_fill_the_host()
    {
        // 2000 lists of 2000 lists of 2000 bytes, all the same.
        using var guest = new RunningGuest(Guest("(list (list (list u8)))"));
        Poke(guest, 8, [.. U32(16384), .. U32(2000)]);
        Poke(guest, 16384, [.. Enumerable.Repeat((byte[])[.. U32(40960), .. U32(2000)], 2000).SelectMany(bytes => bytes)]);
        Poke(guest, 40960, [.. Enumerable.Repeat((byte[])[.. U32(0), .. U32(2000)], 2000).SelectMany(bytes => bytes)]);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Assert.Contains("more than the guest's memory warrants", guest.Trap("lie", ComponentValue.U32(8)), StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 64 << 20);
    }

    [Fact]
    public void A_list_of_what_takes_no_room_has_a_length_all_the_same()
    {
        using var guest = new RunningGuest(Guest("(list (enum \"a\"))"));
        Poke(guest, 8, [.. U32(0), .. U32(0x0fffffff)]);
        Assert.Contains("pointer out of bounds", guest.Trap("lie", ComponentValue.U32(8)), StringComparison.Ordinal);
    }

    [Fact]
    public void After_a_lie_the_guest_is_dead()
    {
        using var guest = new RunningGuest(Guest("char"));
        Assert.Equal("'a'", guest.Call("lie", ComponentValue.U32('a'))!.Value.ToString());
        var trap = guest.Trap("lie", ComponentValue.U32(0xd800));
        Assert.Equal(trap, guest.Trap("lie", ComponentValue.U32('a')));
        Assert.Equal(trap, guest.Instance.End!.Trap!.Message);
    }

    [Theory]
    [InlineData("text", 65535, 2, "pointer out of bounds")]
    [InlineData("text", 65537, 0, "pointer out of bounds")]
    [InlineData("text", 0, 0x10000000, "too long")]
    [InlineData("text", 0, 0xffffffff, "too long")]
    [InlineData("text", 64, 1, "invalid utf-8")]
    [InlineData("write", 65535, 2, "pointer out of bounds")]
    [InlineData("write", 0xffffffff, 0xffffffff, "too long")]
    [InlineData("write", 0, 0x0fffffff, "pointer out of bounds")]
    public void A_generated_binding_checks_what_it_lifts(string function, uint address, uint length, string trap)
    {
        var streams = new FakeStreams();
        using var guest = Caller(streams);
        Poke(guest, 64, [0xff]);
        Assert.Contains(trap, guest.Trap("x-" + function, ComponentValue.U32(1), ComponentValue.U32(address), ComponentValue.U32(length), ComponentValue.U32(16)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 2, "unaligned pointer")]
    [InlineData(1, 65532, "pointer out of bounds")]
    [InlineData(1, 0xfffffffc, "pointer out of bounds")]
    [InlineData(0, 16, "unknown handle index 0")]
    [InlineData(2, 16, "unknown handle index 2")]
    [InlineData(0xffffffff, 16, "unknown handle index 4294967295")]
    public void A_generated_binding_checks_handle_and_place_of_its_result(uint handle, uint result, string trap)
    {
        var streams = new FakeStreams();
        using var guest = Caller(streams);
        Assert.Contains(trap, guest.Trap("x-write", ComponentValue.U32(handle), ComponentValue.U32(0), ComponentValue.U32(4), ComponentValue.U32(result)), StringComparison.Ordinal);
    }

    [Fact]
    public void One_handle_is_not_lent_and_given_away_at_once()
    {
        using var guest = Caller(new FakeStreams());
        Assert.Contains("cannot remove owned resource while borrowed", guest.Trap("x-join", ComponentValue.U32(1), ComponentValue.U32(1)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_handle_given_away_is_gone_and_its_index_is_used_again()
    {
        var streams = new FakeStreams();
        using var guest = Caller(streams);
        Assert.Equal(ComponentValue.U32(2), guest.Call("x-open"));
        Assert.Null(guest.Call("x-join", ComponentValue.U32(1), ComponentValue.U32(2)));
        Assert.Equal(ComponentValue.U32(2), guest.Call("x-open"));
        Assert.Equal(ComponentValue.U32(3), guest.Call("x-open"));
        guest.Call("x-drop", ComponentValue.U32(2));
        guest.Call("x-drop", ComponentValue.U32(1));
        Assert.Equal(ComponentValue.U32(1), guest.Call("x-open"));
        Assert.Equal(ComponentValue.U32(2), guest.Call("x-open"));
        Assert.Contains("wrong type", guest.Trap("x-drop-fault", ComponentValue.U32(1)), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_guest_leaves_behind_is_disposed_with_its_instance()
    {
        var streams = new FakeStreams();
        using (var guest = Caller(streams))
        {
            guest.Call("x-open");
            guest.Call("x-drop", ComponentValue.U32(1));
            Assert.Equal([1, 0], streams.Opened.Select(stream => stream.Disposals));
        }

        Assert.Equal([1, 1], streams.Opened.Select(stream => stream.Disposals));
    }

    [Fact]
    public void An_object_that_cannot_be_disposed_keeps_no_other_from_it()
    {
        var streams = new FakeStreams();
        var guest = Caller(streams);
        guest.Call("x-open");
        guest.Call("x-open");
        streams.Opened[1].DisposeThrows = true;
        Assert.IsType<IOException>(Assert.Throws<AggregateException>(guest.Dispose).InnerException);
        Assert.Equal([1, 1, 1], streams.Opened.Select(stream => stream.Disposals));
    }

    // One stream is open already: handle 1.
    private static RunningGuest Caller(FakeStreams streams)
    {
        var guest = new RunningGuest(
            $"""
            (component
              {Parts.StreamsImport}
              {Parts.Libc}
              (core instance $libc (instantiate $libc))
              (alias core export $libc "memory" (core memory $mem))
              (core func $open (canon lower (func $s "open") (memory $mem)))
              (core func $text (canon lower (func $s "text") (memory $mem)))
              (core func $write (canon lower (func $s "[method]stream.write") (memory $mem)))
              (core func $join (canon lower (func $s "join")))
              (core func $drop (canon resource.drop $stream))
              (core func $drop-fault (canon resource.drop $fault))
              (core module $main
                (import "s" "open" (func $open (param i32 i32) (result i32)))
                (import "s" "text" (func $text (param i32 i32) (result i32)))
                (import "s" "write" (func $write (param i32 i32 i32 i32)))
                (import "s" "join" (func $join (param i32 i32)))
                (import "s" "drop" (func $drop (param i32)))
                (import "s" "drop-fault" (func $drop-fault (param i32)))
                (func (export "open") (result i32) (call $open (i32.const 0) (i32.const 0)))
                (func (export "text") (param i32 i32 i32 i32) (drop (call $text (local.get 1) (local.get 2))))
                (func (export "write") (param i32 i32 i32 i32)
                  (call $write (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
                (func (export "join") (param i32 i32) (call $join (local.get 0) (local.get 1)))
                (func (export "drop") (param i32) (call $drop (local.get 0)))
                (func (export "drop-fault") (param i32) (call $drop-fault (local.get 0))))
              (core instance $i (instantiate $main (with "s" (instance
                (export "open" (func $open)) (export "text" (func $text)) (export "write" (func $write)) (export "join" (func $join))
                (export "drop" (func $drop)) (export "drop-fault" (func $drop-fault))))))
              (func (export "x-open") (result u32) (canon lift (core func $i "open")))
              (func (export "x-text") (param "a" u32) (param "b" u32) (param "c" u32) (param "d" u32) (canon lift (core func $i "text")))
              (func (export "x-write") (param "a" u32) (param "b" u32) (param "c" u32) (param "d" u32) (canon lift (core func $i "write")))
              (func (export "x-join") (param "a" u32) (param "b" u32) (canon lift (core func $i "join")))
              (func (export "x-drop") (param "a" u32) (canon lift (core func $i "drop")))
              (func (export "x-drop-fault") (param "a" u32) (canon lift (core func $i "drop-fault"))))
            """,
            new HostInterfaces().Add(StreamsInterface.Definition, static state => state),
            streams);
        Assert.Equal(ComponentValue.U32(1), guest.Call("x-open"));
        return guest;
    }

    private static void Expect(string type, uint argument, string area, string expected)
    {
        using var guest = new RunningGuest(Guest(type));
        if (area.Length > 0)
        {
            Poke(guest, Area, Convert.FromHexString(area));
        }

        Expect(guest, type is "u64" ? ComponentValue.U64(argument) : ComponentValue.U32(argument), expected, value => value.ToString());
    }

    private static void Expect(RunningGuest guest, ComponentValue argument, string expected, Func<ComponentValue, string> text)
    {
        if (expected.StartsWith('!'))
        {
            Assert.Contains(expected[1..], guest.Trap("lie", argument), StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(expected, text(guest.Call("lie", argument)!.Value));
        }
    }

    private static void Poke(RunningGuest guest, uint address, ReadOnlySpan<byte> bytes)
    {
        var memory = guest.Instance.Memory(0);
        Assert.Equal(MemorySize, memory.Length);
        bytes.CopyTo(memory.Slice(address, (uint)bytes.Length));
    }

    private static byte[] U32(uint value) => BitConverter.GetBytes(value);
}
