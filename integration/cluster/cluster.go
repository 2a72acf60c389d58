package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"seaway.dev/cluster/control"
	"seaway.dev/cluster/machine"
	"seaway.dev/cluster/network"
)

// switchName is the switch that all nodes are on.
const switchName = "switch"

// cluster is all of it.
type cluster struct {
	plane *control.Plane
}

// build makes the cluster, and returns once its nodes are ready.
func build(ctx context.Context, nodes int) (*cluster, error) {
	began := time.Now()
	say := func(what string) {
		fmt.Fprintf(os.Stderr, "%7.2f s  %s\n", time.Since(began).Seconds(), what)
	}
	hub, err := wire()
	if err != nil {
		return nil, err
	}
	plane, err := control.New(ctx, folder, say)
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(folder.Path("machines.log"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	if err := machine.New(plane, hub, log).Start(ctx); err != nil {
		return nil, err
	}
	for number := 1; number <= nodes; number++ {
		if err := machine.Register(ctx, plane.Client, number); err != nil {
			return nil, err
		}
	}
	c := &cluster{plane}
	if err := c.nodesAreReady(ctx, nodes); err != nil {
		return nil, err
	}
	say(fmt.Sprintf("%d nodes", nodes))
	return c, nil
}

// wire lays the switch, with the control plane on it and the pool of load balancers behind that.
func wire() (*network.Bridge, error) {
	root, err := network.Here()
	if err != nil {
		return nil, err
	}
	if err := root.Up("lo"); err != nil {
		return nil, err
	}
	for _, name := range []string{"net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"} {
		if err := root.Set(name, "1"); err != nil {
			return nil, err
		}
	}
	for _, local := range network.Local() {
		if err := root.Own(local); err != nil {
			return nil, err
		}
	}
	return root.NewBridge(switchName, network.ControlPlane())
}

// facts are what the command is told, beside the kubeconfig.
func facts() map[string]string {
	text := func(pool netip.Prefix) string {
		first, last := network.Range(pool)
		return fmt.Sprintf("%s-%s", first, last)
	}
	return map[string]string{
		"SEAWAY_E2E":         "seaway-cluster",
		"SEAWAY_E2E_POOL":    text(network.Pool4),
		"SEAWAY_E2E_CLIENTS": text(network.Clients4),
		"SEAWAY_E2E_POOL6":   text(network.Pool6),
	}
}

func (c *cluster) nodesAreReady(ctx context.Context, count int) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		nodes, err := c.plane.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return fmt.Errorf("waiting for %d nodes: %w\n%s", count, err, machineLog())
		}
		ready := 0
		for _, node := range nodes.Items {
			if len(node.Spec.Taints) == 0 && machine.IsReady(&node) {
				ready++
			}
		}
		if ready >= count {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func machineLog() string {
	text, _ := os.ReadFile(folder.Path("machines.log"))
	return string(text[max(0, len(text)-2000):])
}
