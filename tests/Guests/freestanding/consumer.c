// The taking side of composed.wasm: a command that calls guests:worlds/store and checks each answer. Without arguments it runs every
// test; a test's name runs that one; `--list` names them, and for a lie what the trap's text must contain.
#include "store.h"

#define FROM_STORE(name) __attribute__((import_module("guests:worlds/store"), import_name(name)))

FROM_STORE("[constructor]item") handle item_new(const char *name, size_t size);
FROM_STORE("[method]item.name") void item_name(handle self, text *name);
FROM_STORE("[method]item.rename") void item_rename(handle self, const char *name, size_t size, text *old);
FROM_STORE("[static]item.merge") handle item_merge(handle first, handle second);
FROM_STORE("[method]item.compare") bool item_compare(handle self, handle other);
FROM_STORE("[method]item.absorb") void item_absorb(handle self, handle other);
FROM_STORE("[resource-drop]item") void item_drop(handle self);
FROM_STORE("living") uint32_t living(void);
FROM_STORE("join") void join_texts(const text *parts, size_t count, const char *between, size_t size, text *whole);
FROM_STORE("reverse") void reverse(const char *data, size_t size, text *turned);
FROM_STORE("sum") void sum(const uint64_t *numbers, size_t count, sum_result *result);
FROM_STORE("mirror") void mirror(uint32_t is, uint32_t radius_or_points, size_t count, shape *result);
FROM_STORE("turn") void turn(uint32_t direction, uint32_t rights, uint8_t result[2]);
FROM_STORE("sort") void sort(const handle *items, size_t count, text *sorted);
FROM_STORE("pick") void pick(const handle *items, size_t count, uint32_t which, maybe_text *name);
FROM_STORE("character") uint32_t character(uint32_t c);
FROM_STORE("say") uint32_t say(handle to, const char *line, size_t size);
FROM_STORE("keep") void keep(handle to);
FROM_STORE("many") uint64_t many(const everything *all);

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            return #condition; \
        } \
    } while (0)

static handle named(const char *name) {
    text string = literal(name);
    return item_new(string.data, string.size);
}

static bool is_called(handle item, const char *name) {
    text found;
    item_name(item, &found);
    return equal(found, literal(name));
}

static const char *strings(void) {
    text parts[3] = {literal("z\xC3\xBCrich"), literal(""), literal("\xF0\x9F\x9B\xB6")}, whole;
    join_texts(parts, 3, "--", 2, &whole);
    CHECK(equal(whole, literal("z\xC3\xBCrich----\xF0\x9F\x9B\xB6")));
    join_texts(parts, 0, "", 0, &whole);
    CHECK(whole.size == 0);
    return NULL;
}

static const char *bytes(void) {
    size_t size = 1 << 20;
    char *data = take(size);
    text turned;
    for (size_t i = 0; i < size; i++) {
        data[i] = (char)(i * 7);
    }
    reverse(data, size, &turned);
    CHECK(turned.size == size);
    for (size_t i = 0; i < size; i++) {
        CHECK(turned.data[i] == data[size - 1 - i]);
    }
    reverse(data, 0, &turned);
    CHECK(turned.size == 0);
    return NULL;
}

static const char *results(void) {
    uint64_t numbers[3] = {1, 1ull << 40, 0xFFFFFFFF};
    sum_result answer;
    sum(numbers, 3, &answer);
    CHECK((answer.failed & 0xFF) == 0 && answer.value == 1 + (1ull << 40) + 0xFFFFFFFF);
    numbers[0] = ~0ull;
    sum(numbers, 3, &answer);
    CHECK((answer.failed & 0xFF) == 1 && equal(answer.message, literal("the sum has more than 64 bits")));
    return NULL;
}

static const char *variants(void) {
    shape answer;
    mirror(0, 0, 0, &answer);
    CHECK(answer.is == 0);
    float radius = 2.5f;
    uint32_t bits;
    memcpy(&bits, &radius, sizeof bits);
    mirror(1, bits, 0, &answer);
    CHECK(answer.is == 1 && answer.radius == -2.5f);
    point points[2] = {{1, 2.5, {1, literal("first")}}, {-3, -4.25, {0, {NULL, 0}}}};
    mirror(2, (uint32_t)(uintptr_t)points, 2, &answer);
    CHECK(answer.is == 2 && answer.count == 2);
    CHECK(answer.points[0].x == -1 && answer.points[0].y == -2.5 && answer.points[0].name.is == 1);
    CHECK(equal(answer.points[0].name.value, literal("first")));
    CHECK(answer.points[1].x == 3 && answer.points[1].y == 4.25 && answer.points[1].name.is == 0);
    return NULL;
}

static const char *enums_and_flags(void) {
    uint8_t answer[2];
    turn(3, 5, answer);
    CHECK(answer[0] == 0 && answer[1] == 2);
    // Bits that have no name are none.
    turn(0, 0xFFFFFFF0, answer);
    CHECK(answer[0] == 1 && answer[1] == 7);
    return NULL;
}

static const char *resources(void) {
    uint32_t before = living();
    handle item = named("one");
    text old;
    CHECK(living() == before + 1);
    CHECK(is_called(item, "one"));
    item_rename(item, "two", 3, &old);
    CHECK(equal(old, literal("one")) && is_called(item, "two"));
    CHECK(item_compare(item, item));
    item_drop(item);
    CHECK(living() == before);
    return NULL;
}

static const char *owned_and_lent(void) {
    uint32_t before = living();
    handle first = named("a"), second = named("b"), merged = item_merge(first, second);
    CHECK(is_called(merged, "a+b") && is_called(second, "b"));
    CHECK(living() == before + 2);
    item_absorb(second, merged);
    CHECK(is_called(second, "a+b") && living() == before + 1);
    item_drop(second);
    CHECK(living() == before);
    return NULL;
}

static const char *lists_of_resources(void) {
    handle items[3] = {named("c"), named("a"), named("b")};
    maybe_text name;
    pick(items, 3, 1, &name);
    CHECK(name.is == 1 && equal(name.value, literal("a")));
    pick(items, 3, 3, &name);
    CHECK(name.is == 0);
    text sorted;
    sort(items, 3, &sorted);
    CHECK(sorted.size == 3);
    handle *order = (handle *)sorted.data;
    CHECK(is_called(order[0], "a") && is_called(order[1], "b") && is_called(order[2], "c"));
    for (int i = 0; i < 3; i++) {
        item_drop(order[i]);
    }
    return NULL;
}

static const char *handles_again(void) {
    // What was dropped last is given out first.
    handle first = named("x"), second = named("y");
    item_drop(first);
    handle third = named("z");
    CHECK(third == first);
    item_drop(second);
    item_drop(third);
    return NULL;
}

static const char *lent_streams(void) {
    handle out = get_stdout();
    uint32_t written = say(out, "said by the other\n", 18);
    // It was only lent.
    bool open = write_all(out, literal("and by this one\n"));
    output_drop(out);
    CHECK(written == 18 && open);
    return NULL;
}

static const char *characters(void) {
    CHECK(character('a') == 'b' && character(0x1F6F5) == 0x1F6F6);
    return NULL;
}

static const char *spilled_parameters(void) {
    everything all = {255, -1, 65535, -1, 1000000, -1, 1ull << 40, -1, 2.0f, 3.0, true, literal("12345"), literal("123"), literal(""), 7};
    CHECK(many(&all) == 255 - 1 + 65535 - 1 + 1000000 - 1 + (1ull << 40) - 1 + 2 + 3 + 1 + 5000 + 300 + 7);
    return NULL;
}

static const char *give_what_is_lent(void) {
    handle item = named("same");
    item_absorb(item, item);
    return "not trapped";
}

// Parameters are taken in order: when the second's turn comes, the handle is gone.
static const char *lend_what_is_given(void) {
    handle item = named("same");
    item_merge(item, item);
    return "not trapped";
}

static const char *give_twice(void) {
    handle items[2] = {named("same")};
    items[1] = items[0];
    text sorted;
    sort(items, 2, &sorted);
    return "not trapped";
}

static const char *use_what_was_given(void) {
    handle item = named("gone"), other = named("other");
    item_drop(item_merge(item, other));
    item_merge(item, other);
    return "not trapped";
}

static const char *send_another_type(void) {
    item_drop(get_stdout());
    return "not trapped";
}

static const char *borrow_kept(void) {
    keep(get_stdout());
    return "not trapped";
}

static const char *surrogate_sent(void) {
    character(0xDFFF);
    return "not trapped";
}

static const char *character_sent_beyond(void) {
    character(0x110000);
    return "not trapped";
}

static const char *surrogate_received(void) {
    character('l');
    return "not trapped";
}

static const char *list_received_beyond(void) {
    text turned;
    reverse("lie", 3, &turned);
    return "not trapped";
}

static const char *area_received_beyond(void) {
    text turned;
    reverse("lie about the area", 18, &turned);
    return "not trapped";
}

static const char *string_received_not_utf8(void) {
    text part = literal("lie"), whole;
    join_texts(&part, 1, "", 0, &whole);
    return "not trapped";
}

static const char *case_received_beyond(void) {
    point points[1] = {{-666, 0, {0, {NULL, 0}}}};
    shape answer;
    mirror(2, (uint32_t)(uintptr_t)points, 1, &answer);
    return "not trapped";
}

static const char *case_sent_beyond(void) {
    shape answer;
    mirror(3, 0, 0, &answer);
    return "not trapped";
}

static const char *other_traps(void) {
    char name[65];
    memset(name, 'n', sizeof name);
    item_new(name, sizeof name);
    return "not trapped";
}

static const struct {
    const char *name;
    const char *(*run)(void);
    const char *trap;
} tests[] = {
    {"strings", strings, NULL},
    {"bytes", bytes, NULL},
    {"results", results, NULL},
    {"variants", variants, NULL},
    {"enums-and-flags", enums_and_flags, NULL},
    {"resources", resources, NULL},
    {"owned-and-lent", owned_and_lent, NULL},
    {"lists-of-resources", lists_of_resources, NULL},
    {"handles-again", handles_again, NULL},
    {"lent-streams", lent_streams, NULL},
    {"characters", characters, NULL},
    {"spilled-parameters", spilled_parameters, NULL},
    {"give-what-is-lent", give_what_is_lent, "cannot remove owned resource while borrowed"},
    {"lend-what-is-given", lend_what_is_given, "unknown handle index"},
    {"give-twice", give_twice, "unknown handle index"},
    {"use-what-was-given", use_what_was_given, "unknown handle index"},
    {"send-another-type", send_another_type, "used with the wrong type"},
    {"borrow-kept", borrow_kept, "borrow handles still remain at the end of the call"},
    {"surrogate-sent", surrogate_sent, "char|surrogate"},
    {"character-sent-beyond", character_sent_beyond, "char"},
    {"surrogate-received", surrogate_received, "char|surrogate"},
    {"list-received-beyond", list_received_beyond, "out.of.bounds"},
    {"area-received-beyond", area_received_beyond, "out.of.bounds"},
    {"string-received-not-utf8", string_received_not_utf8, "[uU][tT][fF]-?8"},
    {"case-received-beyond", case_received_beyond, "discriminant"},
    {"case-sent-beyond", case_sent_beyond, "discriminant"},
    {"other-traps", other_traps, "unreachable"},
};

static void print(text line) {
    handle out = get_stdout();
    write_all(out, line);
    output_drop(out);
}

static bool run_one(size_t i) {
    const char *failure = tests[i].run();
    arena_reset(&__heap_base);
    print(failure == NULL
        ? JOIN(literal("ok "), literal(tests[i].name), literal("\n"))
        : JOIN(literal("FAIL "), literal(tests[i].name), literal(": "), literal(failure), literal("\n")));
    return failure == NULL;
}

EXPORT("wasi:cli/run" VERSION "#run") uint32_t run(void) {
    texts arguments;
    bool good = true, found = false;
    get_arguments(&arguments);
    bool all = arguments.count < 2, list = !all && equal(arguments.items[1], literal("--list"));
    // The arena is emptied between tests, and the arguments lie in it.
    text wanted = all ? literal("") : JOIN(arguments.items[1]);
    static char kept[64];
    if (wanted.size > sizeof kept) {
        return 1;
    }
    memcpy(kept, wanted.data, wanted.size);
    wanted.data = kept;
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (list) {
            print(JOIN(literal(tests[i].name), literal("\t"), literal(tests[i].trap != NULL ? tests[i].trap : ""), literal("\n")));
        } else if (all ? tests[i].trap == NULL : equal(wanted, literal(tests[i].name))) {
            good &= run_one(i);
            found = true;
        }
    }
    return !(list || (good && found));
}
