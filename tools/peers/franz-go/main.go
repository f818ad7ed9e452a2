// franz-go at the work that `cargo xtask bench peers` gives to all producers:
//
//	peer-franz-go BOOTSTRAP TOPIC VALUES CODEC RECORDS WARM_UP RATE TASKS
//
// RATE is records a second, 0 for as many as go; with a rate the latencies are printed, too. TASKS must be 1.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const keyCount = 1000

type work struct {
	topic     string
	values    [][]byte
	keys      [][]byte
	rate      float64
	latencies []time.Duration
	failed    atomic.Int64
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 8 || args[7] != "1" {
		return errors.New("BOOTSTRAP TOPIC VALUES CODEC RECORDS WARM_UP RATE 1 are needed")
	}
	text, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	w := &work{topic: args[1]}
	for _, line := range bytes.Split(text, []byte("\n")) {
		if len(line) > 0 {
			w.values = append(w.values, line)
		}
	}
	for key := range keyCount {
		w.keys = append(w.keys, fmt.Appendf(nil, "%010d", key))
	}
	codec := kgo.NoCompression()
	if args[3] == "lz4" {
		codec = kgo.Lz4Compression()
	}
	records, err := strconv.Atoi(args[4])
	if err != nil {
		return err
	}
	warmUp, err := strconv.Atoi(args[5])
	if err != nil {
		return err
	}
	if w.rate, err = strconv.ParseFloat(args[6], 64); err != nil {
		return err
	}
	// Idempotence and acks=all are its defaults.
	client, err := kgo.NewClient(
		kgo.SeedBrokers(args[0]),
		kgo.ProducerLinger(5*time.Millisecond),
		kgo.ProducerBatchMaxBytes(16384),
		kgo.ProducerBatchCompression(codec),
		kgo.MaxBufferedRecords(10_000_000),
		kgo.MaxBufferedBytes(32<<20),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := w.send(client, warmUp); err != nil {
		return err
	}
	w.latencies = nil
	start := time.Now()
	if err := w.send(client, records); err != nil {
		return err
	}
	w.report(records, time.Since(start))
	return nil
}

func (w *work) send(client *kgo.Client, records int) error {
	ctx := context.Background()
	count := func(_ *kgo.Record, err error) {
		if err != nil {
			w.failed.Add(1)
		}
	}
	start := time.Now()
	for number := range records {
		record := &kgo.Record{
			Topic: w.topic,
			Key:   w.keys[number%len(w.keys)],
			Value: w.values[number%len(w.values)],
		}
		promise := count
		if w.rate > 0 {
			due := time.Duration(float64(number) / w.rate * float64(time.Second))
			time.Sleep(due - time.Since(start))
			sent := time.Now()
			// Promises are called one after the other.
			promise = func(record *kgo.Record, err error) {
				count(record, err)
				w.latencies = append(w.latencies, time.Since(sent))
			}
		}
		client.Produce(ctx, record, promise)
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	if failed := w.failed.Load(); failed > 0 {
		return fmt.Errorf("%d records failed", failed)
	}
	return nil
}

func (w *work) report(records int, took time.Duration) {
	slices.Sort(w.latencies)
	at := func(part int) float64 {
		if len(w.latencies) == 0 {
			return 0
		}
		return w.latencies[len(w.latencies)*part/1000].Seconds() * 1000
	}
	fmt.Printf("{\"records\":%d,\"seconds\":%f,\"p50_ms\":%f,\"p99_ms\":%f}\n",
		records, took.Seconds(), at(500), at(990))
}
