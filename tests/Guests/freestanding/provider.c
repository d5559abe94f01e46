// The giving side of composed.wasm: exports guests:worlds/store and lies where its caller asks for it.
#include "store.h"

#define STORE "guests:worlds/store#"
#define FROM_OWN(name) __attribute__((import_module("[export]guests:worlds/store"), import_name(name)))

typedef struct {
    bool living;
    size_t size;
    char name[64];
} item;

FROM_OWN("[resource-new]item") handle item_new(item *rep);
FROM_OWN("[resource-rep]item") item *item_rep(handle own);
FROM_OWN("[resource-drop]item") void item_drop(handle own);

static item items[64];
static uint32_t living;

// Everything of a call lies in the arena until its post-return.
#define POST(name) \
    EXPORT("cabi_post_" STORE name)

static void *result(size_t size) { return take(size); }

static text *text_result(text value) {
    text *area = result(sizeof *area);
    *area = value;
    return area;
}

static void name_it(item *it, text name) {
    if (name.size > sizeof it->name) {
        __builtin_trap();
    }
    memcpy(it->name, name.data, name.size);
    it->size = name.size;
}

static text name_of(item *it) { return (text){it->name, it->size}; }

EXPORT(STORE "[constructor]item") handle construct(char *data, size_t size) {
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        if (!items[i].living) {
            items[i].living = true;
            name_it(&items[i], (text){data, size});
            living++;
            return item_new(&items[i]);
        }
    }
    __builtin_trap();
}

EXPORT(STORE "[dtor]item") void destroy(item *it) {
    if (!it->living) {
        __builtin_trap();
    }
    it->living = false;
    living--;
}

EXPORT(STORE "[method]item.name") text *name(item *self) { return text_result(name_of(self)); }

EXPORT(STORE "[method]item.rename") text *rename_item(item *self, char *data, size_t size) {
    text old = JOIN(name_of(self));
    name_it(self, (text){data, size});
    return text_result(old);
}

EXPORT(STORE "[static]item.merge") handle merge(handle first, item *second) {
    item *it = item_rep(first);
    name_it(it, JOIN(name_of(it), literal("+"), name_of(second)));
    return first;
}

EXPORT(STORE "[method]item.compare") bool compare(item *self, item *other) { return equal(name_of(self), name_of(other)); }

EXPORT(STORE "[method]item.absorb") void absorb(item *self, handle other) {
    name_it(self, name_of(item_rep(other)));
    item_drop(other);
}

EXPORT(STORE "living") uint32_t count(void) { return living; }

EXPORT(STORE "join") text *join_texts(text *parts, size_t count, char *between, size_t size) {
    text whole = {NULL, 0};
    for (size_t i = 0; i < count; i++) {
        whole = i == 0 ? JOIN(parts[i]) : JOIN(whole, ((text){between, size}), parts[i]);
    }
    return text_result(equal(whole, literal("lie")) ? literal("\xC3\x28") : whole);
}

EXPORT(STORE "reverse") text *reverse(char *data, size_t size) {
    if (equal((text){data, size}, literal("lie"))) {
        return text_result((text){(char *)(uintptr_t)0xFFFFFFF0, 100});
    }
    if (equal((text){data, size}, literal("lie about the area"))) {
        return (text *)(uintptr_t)0xFFFFFFFC;
    }
    char *turned = take(size);
    for (size_t i = 0; i < size; i++) {
        turned[i] = data[size - 1 - i];
    }
    return text_result((text){turned, size});
}

EXPORT(STORE "sum") sum_result *sum(uint64_t *numbers, size_t count) {
    sum_result *area = result(sizeof *area);
    area->failed = 0;
    area->value = 0;
    for (size_t i = 0; i < count; i++) {
        if (__builtin_add_overflow(area->value, numbers[i], &area->value)) {
            area->failed = 1;
            area->message = literal("the sum has more than 64 bits");
            return area;
        }
    }
    return area;
}

// Flat: the case, then f32 and pointer join to i32, then the length.
EXPORT(STORE "mirror") shape *mirror(uint32_t is, uint32_t radius_or_points, size_t count) {
    shape *area = result(sizeof *area);
    area->is = (uint8_t)is;
    if (is == 1) {
        memcpy(&area->radius, &radius_or_points, sizeof area->radius);
        area->radius = -area->radius;
    } else if (is == 2) {
        area->points = (point *)(uintptr_t)radius_or_points;
        area->count = count;
        for (size_t i = 0; i < count; i++) {
            area->points[i].x = -area->points[i].x;
            area->points[i].y = -area->points[i].y;
        }
        if (count == 1 && area->points[0].x == 666) {
            area->is = 3;
        }
    }
    return area;
}

EXPORT(STORE "turn") uint8_t *turn(uint32_t direction, uint32_t rights) {
    uint8_t *area = result(2);
    area[0] = (uint8_t)((direction + 1) % 4);
    area[1] = (uint8_t)(rights ^ 7);
    return area;
}

EXPORT(STORE "sort") text *sort(handle *list, size_t count) {
    for (size_t i = 1; i < count; i++) {
        for (size_t j = i; j > 0 && item_rep(list[j])->name[0] < item_rep(list[j - 1])->name[0]; j--) {
            handle other = list[j];
            list[j] = list[j - 1];
            list[j - 1] = other;
        }
    }
    return text_result((text){(char *)list, count});
}

EXPORT(STORE "pick") maybe_text *pick(item **list, size_t count, uint32_t which) {
    maybe_text *area = result(sizeof *area);
    *area = (maybe_text){which < count, which < count ? name_of(list[which]) : (text){NULL, 0}};
    return area;
}

EXPORT(STORE "character") uint32_t character(uint32_t c) { return c == 'l' ? 0xD800 : c + 1; }

EXPORT(STORE "say") uint32_t say(handle to, char *line, size_t size) {
    bool open = write_all(to, (text){line, size});
    output_drop(to);
    return open ? (uint32_t)size : 0;
}

EXPORT(STORE "keep") void keep(handle to) { (void)to; }

EXPORT(STORE "many") uint64_t many(everything *all) {
    return all->a + (uint64_t)all->b + all->c + (uint64_t)all->d + all->e + (uint64_t)all->f + all->g + (uint64_t)all->h
        + (uint64_t)all->i + (uint64_t)all->j + all->k + all->l.size * 1000 + all->m.size * 100 + all->n.size * 10 + all->o;
}

static void release(void *area) {
    (void)area;
    arena_reset(&__heap_base);
}
POST("[method]item.name") void after_name(void *area) { release(area); }
POST("[method]item.rename") void after_rename(void *area) { release(area); }
POST("join") void after_join(void *area) { release(area); }
POST("reverse") void after_reverse(void *area) { release(area); }
POST("sum") void after_sum(void *area) { release(area); }
POST("mirror") void after_mirror(void *area) { release(area); }
POST("sort") void after_sort(void *area) { release(area); }
POST("pick") void after_pick(void *area) { release(area); }
