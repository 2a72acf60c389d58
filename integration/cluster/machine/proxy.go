package machine

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"seaway.dev/cluster/control"
	"seaway.dev/cluster/network"
)

// proxy is the kube-proxy of a machine. One that ends is started again, as a kubelet does.
type proxy struct {
	folder  control.Folder
	space   *network.Space
	node    string
	mu      sync.Mutex
	program *control.Program
	off     bool
}

func (p *proxy) run(alive context.Context) {
	for alive.Err() == nil {
		program, err := p.start()
		if err != nil || program == nil {
			return
		}
		select {
		case <-program.Ended():
		case <-alive.Done():
			// Who cuts a machine off leaves its processes alone; who switches it off kills them.
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
}

func (p *proxy) start() (*control.Program, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.off {
		return nil, nil
	}
	err := p.space.Do(func() error {
		var err error
		flags := control.KubeProxy(p.folder, p.node)
		p.program, err = control.Start(p.folder, "kube-proxy-"+p.node, "kube-proxy", flags...)
		return err
	})
	return p.program, err
}

func (p *proxy) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.off = true
	if p.program != nil {
		p.program.Kill()
	}
}

// works asks kube-proxy whether its rules are in place.
func works(ctx context.Context, number int) error {
	at := net.JoinHostPort(network.Node(number).V4.Addr().String(), "10256")
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at+"/livez", nil)
	if err != nil {
		return err
	}
	answer, err := (&http.Client{Timeout: time.Second}).Do(request)
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("kube-proxy says %s", answer.Status)
	}
	return nil
}
