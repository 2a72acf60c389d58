package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"

	"seaway.dev/cluster/network"
)

// outsideRun makes a cluster for one command.
func outsideRun(arguments []string) (int, error) {
	flags := flag.NewFlagSet("run", flag.ExitOnError)
	nodes := nodesFlag(flags)
	flags.Parse(arguments)
	if flags.NArg() == 0 {
		return 2, errors.New("run what? seaway-cluster run --nodes 3 -- kubectl get nodes")
	}
	if err := check(*nodes); err != nil {
		return 1, err
	}
	forCell := []string{"--nodes", strconv.Itoa(*nodes), "--"}
	return hold(cell(append(forCell, flags.Args()...)), nil)
}

// outsideUp makes a cluster for a person.
func outsideUp(arguments []string) (int, error) {
	flags := flag.NewFlagSet("up", flag.ExitOnError)
	nodes := nodesFlag(flags)
	path := flags.String("kubeconfig", "", "`file` to write; it must not be there")
	flags.Parse(arguments)
	if flags.NArg() > 0 {
		return 2, fmt.Errorf("%s is one too many", flags.Arg(0))
	}
	if err := check(*nodes); err != nil {
		return 1, err
	}
	if *path == "" {
		*path = fmt.Sprintf("%s/seaway-cluster-%d.kubeconfig", os.TempDir(), os.Getpid())
	}
	kubeconfig, err := os.OpenFile(*path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 1, fmt.Errorf("--kubeconfig: %w", err)
	}
	defer os.Remove(*path)
	// The listener stays in the namespace where it was made: what is accepted inside comes from here.
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 1, err
	}
	door, err := listener.File()
	if err != nil {
		return 1, err
	}
	ready, tell, err := os.Pipe()
	if err != nil {
		return 1, err
	}
	forCell := []string{"--nodes", strconv.Itoa(*nodes), "--door", listener.Addr().String()}
	cmd := cell(forCell, tell, door, kubeconfig)
	go func() {
		tell := make([]byte, 1)
		if read, err := ready.Read(tell); read == 1 && err == nil {
			welcome(os.Stdout, *path, cmd.Process.Pid)
		}
	}()
	return hold(cmd, tell)
}

func welcome(out io.Writer, kubeconfig string, pid int) {
	enter := fmt.Sprintf("sudo nsenter --target %d --net", pid)
	if os.Geteuid() != 0 {
		enter = fmt.Sprintf("nsenter --target %d --user --net --preserve-credentials", pid)
	}
	fmt.Fprintf(out, `kubeconfig  %s
pool        %s and %s are free for load balancers
enter       %s
            is a shell where the nodes and the pool can be reached, with the same kubeconfig;
            run seaway there: target/debug/seaway run --kubeconfig FILE --config FILE
Ctrl-C ends it.
`, kubeconfig, network.Pool4, network.Pool6, enter)
}

// hold runs the cell to its end; who asks us to end, asks it.
func hold(cmd *exec.Cmd, tell *os.File) (int, error) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	if err := cmd.Start(); err != nil {
		return 1, refusal(err)
	}
	if tell != nil {
		tell.Close()
	}
	go func() {
		for range signals {
			cmd.Process.Signal(syscall.SIGTERM)
		}
	}()
	err := cmd.Wait()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return exitCode(ended.ProcessState), nil
	}
	return 0, err
}

func nodesFlag(flags *flag.FlagSet) *int {
	return flags.Int("nodes", 3, "how `many` nodes there are at the start: node-1 and on")
}

func check(nodes int) error {
	if nodes < 0 || nodes > network.MaxNodes {
		return fmt.Errorf("--nodes %d: 0 to %d are possible", nodes, network.MaxNodes)
	}
	return checkTools()
}

// exitCode is what a shell would make of how a process ended.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}
