// A weft pool called from Go: a batch of closures, their results in order, an error, a panic, and the proof that
// everything given to weft was dropped exactly once. The exit status is not 0 if anything is wrong.

package main

import (
	"errors"
	"fmt"
	"os"
)

const tasks = 1000

type settingError struct{ line int }

func (e settingError) Error() string {
	return fmt.Sprintf("line %d is not a setting — läuft nicht", e.line)
}
func (e settingError) Code() int32 { return 42 }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "wrong:", err)
		os.Exit(1)
	}
	fmt.Println("all as it should be")
}

func run() error {
	pool, err := NewPool(4, "go")
	if err != nil {
		return err
	}
	defer pool.Close()
	for _, step := range []func(*Pool) error{resultsComeInOrder, errorsComeBack, panicsStayInTheirTask, forgottenResultsAreDropped} {
		if err := step(pool); err != nil {
			return err
		}
	}
	return everythingIsDroppedOnce(pool)
}

func resultsComeInOrder(pool *Pool) error {
	words := []string{"warp", "weft"}
	closures := make([]func() (any, error), tasks)
	for i := range closures {
		n := i
		closures[i] = func() (any, error) { return fmt.Sprintf("%s %d", words[n%2], n*n), nil }
	}
	futures, err := pool.SubmitBatch(closures)
	if err != nil {
		return err
	}
	for n, future := range futures {
		got, err := future.Get()
		if want := fmt.Sprintf("%s %d", words[n%2], n*n); err != nil || got != want {
			return fmt.Errorf("task %d: got %v and %v instead of %q", n, got, err, want)
		}
	}
	fmt.Println(tasks, "results in order")
	return nil
}

func errorsComeBack(pool *Pool) error {
	got, err := one(pool, func() (any, error) { return nil, settingError{7} })
	var failure *TaskError
	if !errors.As(err, &failure) || *failure != (TaskError{42, "main.settingError", settingError{7}.Error()}) {
		return fmt.Errorf("expected a failure, got %v and %v", got, err)
	}
	fmt.Println("a failure:", failure)
	return nil
}

func panicsStayInTheirTask(pool *Pool) error {
	got, err := one(pool, func() (any, error) { panic("out of thread") })
	var failure *TaskError
	if !errors.As(err, &failure) || *failure != (TaskError{0, "panic", "out of thread"}) {
		return fmt.Errorf("expected a panic, got %v and %v", got, err)
	}
	fmt.Println("a panic, caught:", failure.Message)
	return nil
}

func one(pool *Pool, closure func() (any, error)) (any, error) {
	futures, err := pool.SubmitBatch([]func() (any, error){closure})
	if err != nil {
		return nil, err
	}
	return futures[0].Get()
}

func forgottenResultsAreDropped(pool *Pool) error {
	closures := make([]func() (any, error), tasks)
	for i := range closures {
		closures[i] = func() (any, error) { return "nobody reads this", nil }
	}
	futures, err := pool.SubmitBatch(closures)
	if err != nil {
		return err
	}
	for _, future := range futures {
		future.Forget()
	}
	return nil
}

func everythingIsDroppedOnce(pool *Pool) error {
	if err := pool.Shutdown(); err != nil {
		return err
	}
	const closures, forgotten = tasks + 1 + 1 + tasks, tasks
	if got := dropped.Load(); got != closures+forgotten {
		return fmt.Errorf("%d drops instead of %d", got, closures+forgotten)
	}
	fmt.Println(closures, "closures and", forgotten, "forgotten results dropped, each once")

	if _, err := one(pool, func() (any, error) { return nil, nil }); err != ShutDown {
		return fmt.Errorf("a pool that was shut down answered %v", err)
	}
	fmt.Println("a pool that was shut down refuses, and leaves the closure to us")
	return nil
}
