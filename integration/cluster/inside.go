package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/klog/v2"

	"seaway.dev/cluster/control"
)

const (
	insideCommand = "inside-of-the-cell"
	// folder is on a file system in memory that is seen inside of the cell only.
	folder = control.Folder("/run/seaway-cluster")
	// farewell is how long the command has to end when it is asked to.
	farewell = 10 * time.Second
)

// inside is the first process of the cell.
func inside(arguments []string) (int, error) {
	flags := flag.NewFlagSet(insideCommand, flag.ExitOnError)
	nodes := flags.Int("nodes", 3, "")
	door := flags.String("door", "", "where the API is to be reached from outside")
	flags.Parse(arguments)
	asked, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	// A Ctrl-C reaches the command as well, and its end is waited for.
	if flags.NArg() > 0 {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGINT)
	}
	if err := furnish(); err != nil {
		return 1, err
	}
	ctx, end := context.WithCancelCause(asked)
	defer end(nil)
	cluster, err := build(ctx, *nodes)
	if err != nil {
		if asked.Err() != nil {
			return 130, nil
		}
		return 1, err
	}
	go func() { end(<-cluster.plane.Failed()) }()
	if flags.NArg() == 0 {
		return 0, cluster.wait(ctx, *door)
	}
	code, err := command(ctx, flags.Args())
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return 1, cause
	}
	return code, err
}

// furnish gives the cell a view of its processes, and a place to write that nobody else has.
func furnish() error {
	mount := func(source, target, kind string, flags uintptr) error {
		if err := syscall.Mount(source, target, kind, flags, ""); err != nil {
			return fmt.Errorf("mount %s: %w", target, err)
		}
		return nil
	}
	if err := mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE); err != nil {
		return err
	}
	if err := mount("proc", "/proc", "proc", 0); err != nil {
		return err
	}
	if err := mount("tmpfs", "/run", "tmpfs", 0); err != nil {
		return err
	}
	if err := os.MkdirAll(folder.Path("bin"), 0o755); err != nil {
		return err
	}
	own, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.Create(folder.Path("machines.log"))
	if err != nil {
		return err
	}
	// The libraries of upstream talk to stderr, which is the command's.
	klog.LogToStderr(false)
	klog.SetOutput(log)
	for _, name := range []string{"kubectl", "seaway-cluster"} {
		if err := os.Symlink(own, folder.Path("bin/"+name)); err != nil {
			return err
		}
	}
	return nil
}

// command runs it in the root namespace of the cluster.
func command(ctx context.Context, arguments []string) (int, error) {
	path := folder.Path("bin") + ":" + os.Getenv("PATH")
	os.Setenv("PATH", path)
	os.Setenv("KUBECONFIG", folder.Path(control.AdminKubeconfig))
	for name, value := range facts() {
		os.Setenv(name, value)
	}
	cmd := exec.CommandContext(ctx, arguments[0], arguments[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = farewell
	err := cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return exitCode(ended.ProcessState), nil
	}
	if err != nil {
		return 127, err
	}
	return 0, nil
}

// wait leaves the cluster to a person, until somebody asks it to end.
func (c *cluster) wait(ctx context.Context, server string) error {
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, syscall.SIGINT)
	tell, door, kubeconfig := os.NewFile(3, "tell"), os.NewFile(4, "door"), os.NewFile(5, "kubeconfig")
	if err := c.plane.For("https://"+server, kubeconfig); err != nil {
		return err
	}
	kubeconfig.Close()
	listener, err := net.FileListener(door)
	if err != nil {
		return err
	}
	go forward(listener, control.ServerAddress)
	// The kubeconfig is to work inside too, where that port is another one.
	inner, err := net.Listen("tcp", server)
	if err != nil {
		return err
	}
	go forward(inner, control.ServerAddress)
	tell.Write([]byte{1})
	select {
	case <-interrupt:
	case <-ctx.Done():
		if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
			return cause
		}
	}
	return nil
}
