// Command seaway-cluster is a real Kubernetes cluster without containers: etcd, the API server, the
// controllers and kube-proxy as they are published, on machines and pods that are network namespaces.
//
//	main.go      what is asked for
//	programs.go  the programs of upstream that this binary carries
//	outside.go   the process that was called: it holds the cell, and ends with it
//	cell.go      the namespaces in which everything happens
//	inside.go    the first process in the cell: it builds the cluster
//	steer.go     which node gets what is for an address
//	control/     the control plane
//	machine/     what kubelets and a scheduler do
//	network/     switch, cables and addresses
//	echo/        the program in each pod
//	upstream/    the service controller of upstream, to be compared with
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

const usage = `seaway-cluster run [--nodes N] [--] COMMAND [ARGUMENT…]
    makes a cluster, runs the command in its root network namespace with KUBECONFIG set, and takes
    everything away again; the exit code is the command's
seaway-cluster up [--nodes N] [--kubeconfig FILE]
    makes a cluster and leaves it there until Ctrl-C; the API is on a port of 127.0.0.1
seaway-cluster steer [ADDRESS NODE-ADDRESS]
    inside: sends what is for an address to a node, in place of where it went; alone, it takes all of
    that away again
seaway-cluster etcd | kube-apiserver | kube-controller-manager | kube-proxy | kubectl …
seaway-cluster upstream-service-controller …
    the program of that name
`

func init() {
	// The cell ends with the thread that made it: that is to be the one which lives to the end.
	runtime.LockOSThread()
}

func main() {
	if program, there := programs[filepath.Base(os.Args[0])]; there {
		program()
		return
	}
	name := ""
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	if program, there := programs[name]; there {
		os.Args = os.Args[1:]
		program()
		return
	}
	code, err := 0, error(nil)
	switch name {
	case "run":
		code, err = outsideRun(os.Args[2:])
	case "up":
		code, err = outsideUp(os.Args[2:])
	case "steer":
		code, err = steer(os.Args[2:])
	case insideCommand:
		code, err = inside(os.Args[2:])
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "seaway-cluster: %v\n", err)
		code = max(code, 1)
	}
	os.Exit(code)
}
