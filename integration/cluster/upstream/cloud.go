package upstream

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	cloudprovider "k8s.io/cloud-provider"
)

// cloud is a cloud in memory. What it says of a load balancer follows from the uid and the status of
// its Service, so that it need not outlive the process to be the same after a restart.
type cloud struct {
	call time.Duration

	lock sync.Mutex
	// calls is how many were made.
	calls int
	// active is when the last one was over.
	active time.Time
	// targets is how many nodes each load balancer has.
	targets map[types.UID]int
}

func newCloud(call time.Duration) *cloud {
	return &cloud{call: call, targets: map[types.UID]int{}}
}

// touch notes that something was done.
func (c *cloud) touch() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.active = time.Now()
}

// ask is one call.
func (c *cloud) ask(change func()) {
	time.Sleep(c.call)
	c.lock.Lock()
	defer c.lock.Unlock()
	c.calls++
	c.active = time.Now()
	change()
}

func status(service *corev1.Service) *corev1.LoadBalancerStatus {
	// The first 24 bits of a uid are as good as any.
	var a, b, d byte
	fmt.Sscanf(string(service.UID), "%02x%02x%02x", &a, &b, &d)
	ip := fmt.Sprintf("10.%d.%d.%d", a, b, d)
	return &corev1.LoadBalancerStatus{Ingress: []corev1.LoadBalancerIngress{{IP: ip}}}
}

// GetLoadBalancer asks whether there is one.
func (c *cloud) GetLoadBalancer(
	_ context.Context, _ string, service *corev1.Service,
) (*corev1.LoadBalancerStatus, bool, error) {
	there := len(service.Status.LoadBalancer.Ingress) > 0
	c.ask(func() {
		if _, made := c.targets[service.UID]; made {
			there = true
		}
	})
	return status(service), there, nil
}

// GetLoadBalancerName is no call.
func (c *cloud) GetLoadBalancerName(_ context.Context, _ string, service *corev1.Service) string {
	return cloudprovider.DefaultLoadBalancerName(service)
}

// EnsureLoadBalancer makes one, with its nodes.
func (c *cloud) EnsureLoadBalancer(
	_ context.Context, _ string, service *corev1.Service, nodes []*corev1.Node,
) (*corev1.LoadBalancerStatus, error) {
	c.ask(func() { c.targets[service.UID] = len(nodes) })
	return status(service), nil
}

// UpdateLoadBalancer gives one other nodes.
func (c *cloud) UpdateLoadBalancer(
	_ context.Context, _ string, service *corev1.Service, nodes []*corev1.Node,
) error {
	c.ask(func() { c.targets[service.UID] = len(nodes) })
	return nil
}

// EnsureLoadBalancerDeleted takes one away.
func (c *cloud) EnsureLoadBalancerDeleted(
	_ context.Context, _ string, service *corev1.Service,
) error {
	c.ask(func() { delete(c.targets, service.UID) })
	return nil
}

// The rest of a cloud is not there.

func (c *cloud) Initialize(cloudprovider.ControllerClientBuilder, <-chan struct{}) {}
func (c *cloud) LoadBalancer() (cloudprovider.LoadBalancer, bool)                  { return c, true }
func (c *cloud) Instances() (cloudprovider.Instances, bool)                        { return nil, false }
func (c *cloud) InstancesV2() (cloudprovider.InstancesV2, bool)                    { return nil, false }
func (c *cloud) Zones() (cloudprovider.Zones, bool)                                { return nil, false }
func (c *cloud) Clusters() (cloudprovider.Clusters, bool)                          { return nil, false }
func (c *cloud) Routes() (cloudprovider.Routes, bool)                              { return nil, false }
func (c *cloud) ProviderName() string                                              { return cluster }
func (c *cloud) HasClusterID() bool                                                { return true }
