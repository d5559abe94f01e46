// guests:worlds/store as both its sides have it in memory.
#pragma once
#include "output.h"

typedef struct {
    int32_t x;
    double y;
    maybe_text name;
} point;

// variant shape: 0:case 4:payload.
typedef struct {
    uint8_t is;
    union {
        float radius;
        struct {
            point *points;
            size_t count;
        };
    };
} shape;

// result<u64, string>: 0:case 8:payload.
typedef struct {
    uint64_t failed;
    union {
        uint64_t value;
        text message;
    };
} sum_result;

typedef struct {
    uint8_t a;
    int8_t b;
    uint16_t c;
    int16_t d;
    uint32_t e;
    int32_t f;
    uint64_t g;
    int64_t h;
    float i;
    double j;
    bool k;
    text l, m, n;
    uint8_t o;
} everything;

_Static_assert(sizeof(point) == 32 && sizeof(shape) == 12, "layout");
