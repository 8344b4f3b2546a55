/* Huffman's codes: a heap of counts, a tree walked bit by bit, bits packed and unpacked. */
#include "common.h"

enum { LENGTH = 1 << 15, SYMBOLS = 256, NODES = 2 * SYMBOLS };
static uint8_t text[LENGTH], packed[LENGTH * 2], back[LENGTH];
static uint32_t weight[NODES], codes[SYMBOLS];
static int16_t child[NODES][2];
static uint8_t lengths[SYMBOLS];
static uint16_t heap[NODES];
static int held;

static void push(uint16_t node) {
    int i = held++;
    for (; i > 0 && weight[heap[(i - 1) / 2]] > weight[node]; i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = node;
}

static uint16_t pop(void) {
    uint16_t top = heap[0], last = heap[--held];
    int i = 0;
    for (int next; (next = 2 * i + 1) < held; i = next) {
        if (next + 1 < held && weight[heap[next + 1]] < weight[heap[next]])
            next++;
        if (weight[heap[next]] >= weight[last])
            break;
        heap[i] = heap[next];
    }
    heap[i] = last;
    return top;
}

static void name(int node, uint32_t code, uint8_t length) {
    if (node < SYMBOLS) {
        codes[node] = code, lengths[node] = length;
        return;
    }
    name(child[node][0], code, length + 1);
    name(child[node][1], code | 1u << length, length + 1);
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 2), state = 13, hash = FNV_START;
    for (uint32_t round = 0; round < rounds; round++) {
        memset(weight, 0, sizeof weight);
        for (int i = 0; i < LENGTH; i++) {
            uint32_t r = random32(&state);
            text[i] = (uint8_t)((r & 15) * (r >> 4 & 15) + (r >> 8 & 3));
            weight[text[i]]++;
        }
        held = 0;
        for (uint16_t symbol = 0; symbol < SYMBOLS; symbol++)
            if (weight[symbol])
                push(symbol);
        uint16_t node = SYMBOLS;
        while (held > 1) {
            child[node][0] = (int16_t)pop(), child[node][1] = (int16_t)pop();
            weight[node] = weight[child[node][0]] + weight[child[node][1]];
            push(node++);
        }
        int root = pop();
        name(root, 0, 0);
        memset(packed, 0, sizeof packed);
        size_t at = 0;
        for (int i = 0; i < LENGTH; i++)
            for (int bit = 0; bit < lengths[text[i]]; bit++, at++)
                packed[at >> 3] |= (uint8_t)((codes[text[i]] >> bit & 1) << (at & 7));
        size_t from = 0;
        for (int i = 0; i < LENGTH; i++) {
            int n = root;
            while (n >= SYMBOLS)
                n = child[n][packed[from >> 3] >> (from & 7) & 1], from++;
            back[i] = (uint8_t)n;
        }
        CHECK(from == at && memcmp(text, back, LENGTH) == 0);
        hash = fnv1a(hash, packed, (at + 7) / 8);
    }
    printf("%08x\n", hash);
    return 0;
}
