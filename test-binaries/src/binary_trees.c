/* Binary trees built, walked and freed: allocation and recursion. */
#include "common.h"

typedef struct Tree {
    struct Tree *left, *right;
} Tree;

static Tree *grow(uint32_t depth) {
    Tree *tree = malloc(sizeof *tree);
    CHECK(tree != NULL);
    tree->left = depth ? grow(depth - 1) : NULL;
    tree->right = depth ? grow(depth - 1) : NULL;
    return tree;
}

static uint32_t count(const Tree *tree) { return tree->left ? 1 + count(tree->left) + count(tree->right) : 1; }

static void fell(Tree *tree) {
    if (tree->left) {
        fell(tree->left);
        fell(tree->right);
    }
    free(tree);
}

int main(int argc, char **argv) {
    uint32_t depth = size_argument(argc, argv, 10);
    Tree *long_lived = grow(depth);
    for (uint32_t d = 4; d <= depth; d += 4) {
        uint32_t trees = 1u << (depth - d + 4), nodes = 0;
        for (uint32_t i = 0; i < trees; i++) {
            Tree *tree = grow(d);
            nodes += count(tree);
            fell(tree);
        }
        printf("%u trees of depth %u: %u nodes\n", trees, d, nodes);
    }
    printf("long-lived tree: %u nodes\n", count(long_lived));
    fell(long_lived);
    return 0;
}
