/* SPDX-License-Identifier: BSD-3-Clause */
/* The counted B+-tree: finding, ranks, splitting and merging.
 * Owner: whoever embeds the index. Locks: none. */
#include "sherd/container/ordered.h"

#include "sherd/base/memory.h"

enum {
    FIRST_CAP = 4,
    LEAF_MIN = ORDERED_LEAF_MAX / 3,
    INNER_MIN = ORDERED_INNER_MAX / 3,
    LEAF_MERGED_MAX = ORDERED_LEAF_MAX * 5 / 6, /* two nodes become one only when that leaves room to grow */
    INNER_MERGED_MAX = ORDERED_INNER_MAX * 5 / 6,
    DEPTH_MAX = 8,
};

struct inner {
    uint32_t count;
    uint32_t counts[ORDERED_INNER_MAX];            /* entries below each child */
    void *children[ORDERED_INNER_MAX];             /* leaves, or inner nodes */
    struct ordered_entry least[ORDERED_INNER_MAX]; /* below each child; the first is not kept up */
};

/* The way from the root to a leaf: which child was taken at each level. */
struct path {
    struct inner *nodes[DEPTH_MAX];
    uint32_t indices[DEPTH_MAX];
};

/* What a descent looks for: the end of the entries that lie before it. */
struct target {
    double score;
    const struct ordered_member *member;
    struct slice bytes;
};

typedef bool before_function(const struct ordered_entry *entry, const struct target *target);

/* ---- Order ---- */

/* Up to the target's member, itself included: where it stands is the last of these. */
static ALWAYS_INLINE bool is_upto(const struct ordered_entry *entry, const struct target *target)
{
    if (LIKELY(entry->score != target->score)) {
        return entry->score < target->score;
    }
    return entry->member == target->member || slice_compare(ordered_bytes_of(entry->member), target->bytes) <= 0;
}

static ALWAYS_INLINE bool is_below_score(const struct ordered_entry *entry, const struct target *target)
{
    return entry->score < target->score;
}

static ALWAYS_INLINE bool is_upto_score(const struct ordered_entry *entry, const struct target *target)
{
    return entry->score <= target->score;
}

static ALWAYS_INLINE bool is_below_bytes(const struct ordered_entry *entry, const struct target *target)
{
    return slice_compare(ordered_bytes_of(entry->member), target->bytes) < 0;
}

static ALWAYS_INLINE bool is_upto_bytes(const struct ordered_entry *entry, const struct target *target)
{
    return slice_compare(ordered_bytes_of(entry->member), target->bytes) <= 0;
}

/* How many of the entries lie before the target: they come first. */
static ALWAYS_INLINE uint32_t count_before(const struct ordered_entry *entries, uint32_t count, before_function *before,
                                           const struct target *target)
{
    uint32_t low = 0;
    while (count != 0) {
        uint32_t half = count / 2;
        if (before(&entries[low + half], target)) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return low;
}

static ALWAYS_INLINE uint32_t child_of(const struct inner *inner, before_function *before, const struct target *target)
{
    return count_before(&inner->least[1], inner->count - 1, before, target);
}

static struct target target_of(double score, const struct ordered_member *member)
{
    return (struct target){.score = score, .member = member, .bytes = ordered_bytes_of(member)};
}

/* The leaf that holds, or would hold, the target's member; the index is behind it. */
static struct ordered_leaf *descend(const struct ordered *ordered, const struct target *target, struct path *path,
                                    uint32_t *index)
{
    void *node = ordered->root;
    for (uint32_t level = 0; level < ordered->depth; level++) {
        path->nodes[level] = node;
        path->indices[level] = child_of(node, is_upto, target);
        node = path->nodes[level]->children[path->indices[level]];
    }
    struct ordered_leaf *leaf = node;
    *index = count_before(leaf->entries, leaf->count, is_upto, target);
    return leaf;
}

/* ---- Nodes ---- */

static size_t leaf_bytes(uint32_t cap)
{
    return sizeof(struct ordered_leaf) + cap * sizeof(struct ordered_entry);
}

static struct ordered_leaf *leaf_create(struct ordered *ordered, uint32_t cap)
{
    struct ordered_leaf *leaf = memory_alloc(leaf_bytes(cap));
    leaf->prev = leaf->next = NULL;
    leaf->count = 0;
    leaf->cap = cap;
    ordered->leaves++;
    return leaf;
}

static struct inner *inner_create(struct ordered *ordered)
{
    struct inner *inner = memory_alloc(sizeof(*inner));
    inner->count = 0;
    ordered->inners++;
    return inner;
}

static void leaf_free(struct ordered *ordered, struct ordered_leaf *leaf)
{
    ordered->leaves--;
    memory_free(leaf);
}

static void inner_free(struct ordered *ordered, struct inner *inner)
{
    ordered->inners--;
    memory_free(inner);
}

static uint32_t inner_total(const struct inner *inner)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < inner->count; i++) {
        total += inner->counts[i];
    }
    return total;
}

static void entries_move(struct ordered_entry *to, const struct ordered_entry *from, uint32_t count)
{
    memmove(to, from, count * sizeof(*to));
}

/* Moves children within a node or from one to another. */
static void children_move(struct inner *to, uint32_t at, const struct inner *from, uint32_t from_at, uint32_t count)
{
    memmove(&to->counts[at], &from->counts[from_at], count * sizeof(to->counts[0]));
    memmove(&to->children[at], &from->children[from_at], count * sizeof(to->children[0]));
    entries_move(&to->least[at], &from->least[from_at], count);
}

void ordered_init(struct ordered *ordered)
{
    *ordered = (struct ordered){0};
}

static void free_inners(struct ordered *ordered, struct inner *inner, uint32_t levels)
{
    for (uint32_t i = 0; levels > 1 && i < inner->count; i++) {
        free_inners(ordered, inner->children[i], levels - 1);
    }
    inner_free(ordered, inner);
}

void ordered_deinit(struct ordered *ordered)
{
    if (ordered->depth != 0) {
        free_inners(ordered, ordered->root, ordered->depth);
    }
    for (struct ordered_leaf *leaf = ordered->first; leaf != NULL;) {
        struct ordered_leaf *next = leaf->next;
        leaf_free(ordered, leaf);
        leaf = next;
    }
    ordered_init(ordered);
}

/* ---- Inserting ---- */

/* Gives the only leaf more room. */
static struct ordered_leaf *leaf_grow(struct ordered *ordered, struct ordered_leaf *leaf)
{
    uint32_t cap = leaf->cap * 2 < ORDERED_LEAF_MAX ? leaf->cap * 2 : ORDERED_LEAF_MAX;
    leaf = memory_resize(leaf, leaf_bytes(cap));
    leaf->cap = cap;
    ordered->root = ordered->first = ordered->last = leaf;
    return leaf;
}

static void leaf_put(struct ordered_leaf *leaf, uint32_t index, struct ordered_entry entry)
{
    entries_move(&leaf->entries[index + 1], &leaf->entries[index], leaf->count - index);
    leaf->entries[index] = entry;
    leaf->count++;
}

/* Splits a full leaf for an entry that goes to `index`, and puts it in. At either end of the index the full leaf stays
 * full, so that rising or falling scores fill all leaves. Returns the new right neighbour. */
static struct ordered_leaf *leaf_split(struct ordered *ordered, struct ordered_leaf *leaf, uint32_t index,
                                       struct ordered_entry entry)
{
    uint32_t at = leaf->count / 2;
    if (leaf->next == NULL && index == leaf->count) {
        at = leaf->count;
    } else if (leaf->prev == NULL && index == 0) {
        at = 0;
    }
    struct ordered_leaf *right = leaf_create(ordered, ORDERED_LEAF_MAX);
    right->count = leaf->count - at;
    entries_move(right->entries, &leaf->entries[at], right->count);
    leaf->count = at;
    right->prev = leaf;
    right->next = leaf->next;
    *(leaf->next == NULL ? &ordered->last : &leaf->next->prev) = right;
    leaf->next = right;
    if (index > at || at == ORDERED_LEAF_MAX) {
        leaf_put(right, index - at, entry);
    } else {
        leaf_put(leaf, index, entry);
    }
    return right;
}

/* A child that a split made, for the level above. */
struct sprout {
    void *node;
    uint32_t count; /* entries below it */
    struct ordered_entry least;
};

static void inner_put(struct inner *inner, uint32_t index, const struct sprout *sprout)
{
    children_move(inner, index + 1, inner, index, inner->count - index);
    inner->children[index] = sprout->node;
    inner->counts[index] = sprout->count;
    inner->least[index] = sprout->least;
    inner->count++;
}

/* Puts the sprout in behind child `index`; true when that split the node, and the sprout is its right half. */
static bool inner_take(struct ordered *ordered, struct inner *inner, uint32_t index, struct sprout *sprout)
{
    inner->counts[index] -= sprout->count;
    index++;
    if (LIKELY(inner->count < ORDERED_INNER_MAX)) {
        inner_put(inner, index, sprout);
        return false;
    }
    struct inner *right = inner_create(ordered);
    uint32_t half = inner->count / 2;
    children_move(right, 0, inner, half, inner->count - half);
    right->count = inner->count - half;
    inner->count = half;
    if (index > half) {
        inner_put(right, index - half, sprout);
    } else {
        inner_put(inner, index, sprout);
    }
    *sprout = (struct sprout){right, inner_total(right), right->least[0]};
    return true;
}

/* Lets the sprout in level by level, with a new root in the end when the old one was split. */
static void graft(struct ordered *ordered, const struct path *path, struct sprout *sprout)
{
    for (uint32_t level = ordered->depth; level-- > 0;) {
        if (!inner_take(ordered, path->nodes[level], path->indices[level], sprout)) {
            return;
        }
    }
    ASSERT(ordered->depth < DEPTH_MAX);
    struct inner *root = inner_create(ordered);
    root->children[0] = ordered->root;
    root->counts[0] = ordered->count - sprout->count;
    root->count = 1;
    inner_put(root, 1, sprout);
    ordered->root = root;
    ordered->depth++;
}

void ordered_insert(struct ordered *ordered, struct ordered_member *member)
{
    if (UNLIKELY(ordered->root == NULL)) {
        ordered->root = ordered->first = ordered->last = leaf_create(ordered, FIRST_CAP);
    }
    struct target target = target_of(member->score, member);
    struct ordered_entry entry = {member->score, member};
    struct path path;
    uint32_t index;
    struct ordered_leaf *leaf = descend(ordered, &target, &path, &index);
    ordered->count++;
    for (uint32_t level = 0; level < ordered->depth; level++) {
        path.nodes[level]->counts[path.indices[level]]++;
    }
    if (UNLIKELY(leaf->count == leaf->cap && leaf->cap < ORDERED_LEAF_MAX)) {
        leaf = leaf_grow(ordered, leaf);
    }
    if (LIKELY(leaf->count < leaf->cap)) {
        leaf_put(leaf, index, entry);
        return;
    }
    struct ordered_leaf *right = leaf_split(ordered, leaf, index, entry);
    graft(ordered, &path, &(struct sprout){right, right->count, right->entries[0]});
}

/* ---- Removing ---- */

/* The least entry below the leaf of a path has changed: every node that knows it hears of it. */
static void path_set_least(const struct path *path, uint32_t levels, struct ordered_entry least)
{
    while (levels-- > 0) {
        if (path->indices[levels] != 0) {
            path->nodes[levels]->least[path->indices[levels]] = least;
            return;
        }
    }
}

/* Takes child `index` out of a node; its entries are the left neighbour's by now. */
static void inner_drop(struct inner *inner, uint32_t index)
{
    inner->counts[index - 1] += inner->counts[index];
    inner->count--;
    children_move(inner, index, inner, index + 1, inner->count - index);
}

/* Evens two neighbouring leaves out, or joins them: children `right` - 1 and `right` of a node. */
static void leaves_balance(struct ordered *ordered, struct inner *parent, uint32_t right)
{
    struct ordered_leaf *a = parent->children[right - 1];
    struct ordered_leaf *b = parent->children[right];
    uint32_t sum = a->count + b->count;
    if (sum <= LEAF_MERGED_MAX) {
        entries_move(&a->entries[a->count], b->entries, b->count);
        a->count = sum;
        a->next = b->next;
        *(b->next == NULL ? &ordered->last : &b->next->prev) = a;
        leaf_free(ordered, b);
        inner_drop(parent, right);
        return;
    }
    uint32_t half = sum / 2;
    if (a->count < half) {
        uint32_t moved = half - a->count;
        entries_move(&a->entries[a->count], b->entries, moved);
        entries_move(b->entries, &b->entries[moved], b->count - moved);
    } else {
        uint32_t moved = a->count - half;
        entries_move(&b->entries[moved], b->entries, b->count);
        entries_move(b->entries, &a->entries[half], moved);
    }
    a->count = half;
    b->count = sum - half;
    parent->counts[right - 1] = a->count;
    parent->counts[right] = b->count;
    parent->least[right] = b->entries[0];
}

/* The same for inner nodes. */
static void inners_balance(struct ordered *ordered, struct inner *parent, uint32_t right)
{
    struct inner *a = parent->children[right - 1];
    struct inner *b = parent->children[right];
    uint32_t sum = a->count + b->count;
    b->least[0] = parent->least[right];
    if (sum <= INNER_MERGED_MAX) {
        children_move(a, a->count, b, 0, b->count);
        a->count = sum;
        inner_free(ordered, b);
        inner_drop(parent, right);
        return;
    }
    uint32_t half = sum / 2;
    if (a->count < half) {
        uint32_t moved = half - a->count;
        children_move(a, a->count, b, 0, moved);
        children_move(b, 0, b, moved, b->count - moved);
    } else {
        uint32_t moved = a->count - half;
        children_move(b, moved, b, 0, b->count);
        children_move(b, 0, a, half, moved);
    }
    a->count = half;
    b->count = sum - half;
    parent->counts[right - 1] = inner_total(a);
    parent->counts[right] = inner_total(b);
    parent->least[right] = b->least[0];
}

/* Mends the inner nodes of a path that have too few children, from the lowest up. */
static void inners_mend(struct ordered *ordered, const struct path *path)
{
    for (uint32_t level = ordered->depth; level-- > 1;) {
        if (LIKELY(path->nodes[level]->count >= INNER_MIN)) {
            break;
        }
        uint32_t index = path->indices[level - 1];
        inners_balance(ordered, path->nodes[level - 1], index == 0 ? 1 : index);
    }
    struct inner *root = ordered->root;
    if (UNLIKELY(root->count == 1)) {
        ordered->root = root->children[0];
        ordered->depth--;
        inner_free(ordered, root);
    }
}

/* Takes the entry at the end of a path out. */
static void path_remove(struct ordered *ordered, const struct path *path, struct ordered_leaf *leaf, uint32_t index)
{
    leaf->count--;
    entries_move(&leaf->entries[index], &leaf->entries[index + 1], leaf->count - index);
    ordered->count--;
    uint32_t depth = ordered->depth;
    if (depth == 0) {
        if (leaf->count == 0) {
            ordered_deinit(ordered);
        }
        return;
    }
    for (uint32_t level = 0; level < depth; level++) {
        path->nodes[level]->counts[path->indices[level]]--;
    }
    uint32_t child = path->indices[depth - 1];
    if (LIKELY(leaf->count >= LEAF_MIN)) {
        if (UNLIKELY(index == 0)) {
            path_set_least(path, depth, leaf->entries[0]);
        }
        return;
    }
    leaves_balance(ordered, path->nodes[depth - 1], child == 0 ? 1 : child);
    if (child == 0) {
        path_set_least(path, depth, leaf->entries[0]);
    }
    inners_mend(ordered, path);
}

void ordered_remove(struct ordered *ordered, const struct ordered_member *member)
{
    struct target target = target_of(member->score, member);
    struct path path;
    uint32_t index;
    struct ordered_leaf *leaf = descend(ordered, &target, &path, &index);
    ASSERT(index != 0 && leaf->entries[index - 1].member == member);
    path_remove(ordered, &path, leaf, index - 1);
}

/* Whether the entry at a place would stay there with another score. */
static bool stays(const struct ordered_leaf *leaf, uint32_t index, const struct target *moved)
{
    struct ordered_place before = {.leaf = leaf, .index = index};
    struct ordered_place after = before;
    ordered_prev(&before);
    ordered_next(&after);
    return (before.leaf == NULL || is_upto(ordered_entry(before), moved)) &&
           (after.leaf == NULL || !is_upto(ordered_entry(after), moved));
}

void ordered_move(struct ordered *ordered, struct ordered_member *member, double score)
{
    struct target target = target_of(member->score, member);
    struct path path;
    uint32_t index;
    struct ordered_leaf *leaf = descend(ordered, &target, &path, &index);
    ASSERT(index != 0 && leaf->entries[index - 1].member == member);
    index--;
    struct target moved = target_of(score, member);
    if (stays(leaf, index, &moved)) {
        leaf->entries[index].score = member->score = score;
        if (index == 0) {
            path_set_least(&path, ordered->depth, leaf->entries[0]);
        }
        return;
    }
    path_remove(ordered, &path, leaf, index);
    member->score = score;
    ordered_insert(ordered, member);
}

/* ---- Ranks and places ---- */

static ALWAYS_INLINE uint32_t inner_before(const struct inner *inner, uint32_t child)
{
    uint32_t before = 0;
    for (uint32_t i = 0; i < child; i++) {
        before += inner->counts[i];
    }
    return before;
}

static ALWAYS_INLINE struct ordered_place seek(const struct ordered *ordered, before_function *before,
                                               const struct target *target)
{
    if (UNLIKELY(ordered->root == NULL)) {
        return (struct ordered_place){0};
    }
    const void *node = ordered->root;
    uint32_t rank = 0;
    for (uint32_t level = 0; level < ordered->depth; level++) {
        const struct inner *inner = node;
        uint32_t child = child_of(inner, before, target);
        rank += inner_before(inner, child);
        node = inner->children[child];
    }
    const struct ordered_leaf *leaf = node;
    uint32_t index = count_before(leaf->entries, leaf->count, before, target);
    rank += index;
    if (index == leaf->count) {
        return (struct ordered_place){leaf->next, 0, rank};
    }
    return (struct ordered_place){leaf, index, rank};
}

struct ordered_place ordered_seek(const struct ordered *ordered, const struct ordered_bound *bound)
{
    struct target target = {.score = bound->score, .bytes = bound->member};
    switch (bound->kind) {
    case ORDERED_FROM_SCORE:
        return seek(ordered, is_below_score, &target);
    case ORDERED_AFTER_SCORE:
        return seek(ordered, is_upto_score, &target);
    case ORDERED_FROM_MEMBER:
        return seek(ordered, is_below_bytes, &target);
    default:
        return seek(ordered, is_upto_bytes, &target);
    }
}

uint32_t ordered_rank(const struct ordered *ordered, const struct ordered_member *member)
{
    struct target target = target_of(member->score, member);
    return seek(ordered, is_upto, &target).rank - 1;
}

struct ordered_place ordered_at(const struct ordered *ordered, uint32_t rank)
{
    if (rank >= ordered->count) {
        return (struct ordered_place){.rank = ordered->count};
    }
    const void *node = ordered->root;
    uint32_t left = rank;
    for (uint32_t level = 0; level < ordered->depth; level++) {
        const struct inner *inner = node;
        uint32_t child = 0;
        while (left >= inner->counts[child]) {
            left -= inner->counts[child++];
        }
        node = inner->children[child];
    }
    return (struct ordered_place){node, left, rank};
}

size_t ordered_bytes(const struct ordered *ordered)
{
    if (ordered->root == NULL) {
        return 0;
    }
    uint32_t cap = ordered->first->cap; /* of all of them when there are several */
    return ordered->leaves * memory_class_bytes(leaf_bytes(cap)) +
           ordered->inners * memory_class_bytes(sizeof(struct inner));
}
