// Go with its run-time system: goroutines on several threads, channels, a garbage collector, maps, panics recovered,
// timers, files, hashes.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type tree struct{ left, right *tree }

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{grow(depth - 1), grow(depth - 1)}
}

func (t *tree) count() int {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.count() + t.right.count()
}

func recovered() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("recovered: %v", r)
		}
	}()
	var nothing *tree
	return errors.New(fmt.Sprint(nothing.left))
}

func main() {
	rounds := 1000
	if len(os.Args) > 1 {
		rounds, _ = strconv.Atoi(os.Args[1])
	}
	var group sync.WaitGroup
	var total int64
	results := make(chan int, 10)
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func(id int) {
			defer group.Done()
			for j := 0; j < rounds; j++ {
				atomic.AddInt64(&total, int64(j^id))
				if j%100 == 0 {
					results <- j * id
					runtime.Gosched()
				}
			}
		}(i)
	}
	go func() { group.Wait(); close(results) }()
	sum := 0
	for value := range results {
		sum += value
	}
	fmt.Println("goroutines", total, sum)

	pipeline := make(chan int)
	last := pipeline
	for i := 0; i < 100; i++ {
		next := make(chan int)
		go func(in, out chan int) { out <- 1 + <-in }(last, next)
		last = next
	}
	pipeline <- 5
	fmt.Println("pipeline", <-last)

	nodes := 0
	for i := 0; i < rounds/100+1; i++ {
		nodes += grow(10).count()
	}
	runtime.GC()
	fmt.Println("nodes", nodes)
	fmt.Println(recovered())

	words := map[string]int{}
	for _, word := range strings.Fields("to be or not to be that is the question") {
		words[word]++
	}
	keys := make([]string, 0, len(words))
	for key := range words {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		fmt.Print(key, "=", words[key], " ")
	}
	fmt.Println()

	text, _ := json.Marshal(map[string]interface{}{"numbers": []float64{1, 2.5, 1e21}, "nested": map[string]bool{"yes": true}})
	fmt.Println(string(text))
	fmt.Printf("%x\n", sha256.Sum256(bytes.Repeat([]byte("go"), rounds)))
	factorial := big.NewInt(1)
	for i := int64(2); i <= 60; i++ {
		factorial.Mul(factorial, big.NewInt(i))
	}
	fmt.Println(factorial, new(big.Int).Exp(big.NewInt(3), big.NewInt(1000), big.NewInt(1000000007)))

	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	fmt.Fprint(writer, strings.Repeat("compress me ", rounds))
	writer.Close()
	reader, _ := gzip.NewReader(&packed)
	unpacked, _ := io.ReadAll(reader)
	fmt.Println("unpacked", len(unpacked))

	path := filepath.Join(os.TempDir(), "go-test.txt")
	os.WriteFile(path, []byte("one\ntwo\nthree\n"), 0o600)
	file, _ := os.Open(path)
	lines := 0
	for scanner := bufio.NewScanner(file); scanner.Scan(); lines++ {
	}
	file.Close()
	fmt.Println("lines", lines, os.Remove(path))

	select {
	case <-make(chan int):
	case <-time.After(5 * time.Millisecond):
		fmt.Println("timed out")
	}
	fmt.Printf("%8.3f|%-6s|%+d|%q|%v|%T\n", 3.14159, "ab", 5, "quoted\n", []int{1, 2}, words)
	os.Exit(6)
}
