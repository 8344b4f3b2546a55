/* Pointer chasing through a shuffled list, in-place reversal, and a merge sort of the list. */
#include "common.h"

enum { N = 1 << 14 };

typedef struct Node {
    struct Node *next;
    uint32_t value;
} Node;

static Node nodes[N];
static uint32_t order[N];

static Node *merge(Node *a, Node *b) {
    Node head, *tail = &head;
    while (a && b) {
        Node **least = a->value <= b->value ? &a : &b;
        tail = tail->next = *least;
        *least = (*least)->next;
    }
    tail->next = a ? a : b;
    return head.next;
}

static Node *merge_sort(Node *list, uint32_t length) {
    if (length < 2)
        return list;
    Node *middle = list;
    for (uint32_t i = 1; i < length / 2; i++)
        middle = middle->next;
    Node *second = middle->next;
    middle->next = NULL;
    return merge(merge_sort(list, length / 2), merge_sort(second, length - length / 2));
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 10);
    uint32_t seed = 3;
    for (uint32_t i = 0; i < N; i++)
        order[i] = i;
    for (uint32_t i = N - 1; i > 0; i--) {
        uint32_t j = random32(&seed) % (i + 1), swap = order[i];
        order[i] = order[j], order[j] = swap;
    }
    for (uint32_t i = 0; i < N; i++) {
        nodes[order[i]].next = i + 1 < N ? &nodes[order[i + 1]] : NULL;
        nodes[order[i]].value = random32(&seed);
    }
    Node *list = &nodes[order[0]];
    uint32_t sum = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        for (Node *node = list; node; node = node->next)
            sum = sum * 3 + node->value;
        Node *reversed = NULL;
        while (list) {
            Node *next = list->next;
            list->next = reversed, reversed = list, list = next;
        }
        list = reversed;
    }
    printf("chase %08x\n", sum);
    list = merge_sort(list, N);
    uint32_t count = 0;
    for (Node *node = list; node; node = node->next, count++)
        CHECK(!node->next || node->value <= node->next->value);
    printf("sorted %u first %u\n", count, list->value);
    return 0;
}
