// Package machine plays what stands in a data centre: machines that register Nodes, run pods and
// kube-proxy, and fail when they are told to. It is kubelet and scheduler in one, over the API alone.
package machine

import (
	"strconv"
	"strings"
)

// The names are those of `seaway sandbox`, so that the same stories run on both.
const (
	// Simulated is the label of the Nodes that a machine stands for.
	Simulated = "sandbox.seaway.dev/simulated"
	// crash is the annotation of a Node whose machine is to fail without warning.
	crash = "sandbox.seaway.dev/crash"
	// ready is the annotation that takes a pod out of the endpoints while it says `false`.
	ready = "sandbox.seaway.dev/ready"
)

// number is the one at the end of a name such as node-3; none is 0.
func number(name string) int {
	_, digits, _ := strings.Cut(name[max(0, strings.LastIndexByte(name, '-')):], "-")
	number, err := strconv.Atoi(digits)
	if err != nil || number < 0 {
		return 0
	}
	return number
}
