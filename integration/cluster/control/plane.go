package control

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"seaway.dev/cluster/network"
)

const (
	etcdURL = "http://127.0.0.1:2379"
	// ServerAddress is where the API is, for what is in the cluster's root namespace.
	ServerAddress = "127.0.0.1:6443"
	// ServerURL is the same for clients.
	ServerURL = "https://" + ServerAddress
)

// nodesURL is where the nodes reach the API.
func nodesURL() string {
	return fmt.Sprintf("https://%s:6443", network.ControlPlane().V4.Addr())
}

// Plane is a control plane that works.
type Plane struct {
	Folder   Folder
	Client   kubernetes.Interface
	programs []*Program
}

// New starts all of it, and returns once Services and Pods can be made.
func New(ctx context.Context, folder Folder, say func(string)) (*Plane, error) {
	own := network.ControlPlane().Addresses()
	loopback := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	if err := authenticate(folder, append(own, loopback...)); err != nil {
		return nil, err
	}
	if err := admit(folder); err != nil {
		return nil, err
	}
	plane := &Plane{Folder: folder}
	if err := plane.start(ctx, own[0], say); err != nil {
		return nil, err
	}
	return plane, nil
}

func (p *Plane) start(ctx context.Context, own netip.Addr, say func(string)) error {
	if err := p.run(ctx, "etcd", etcd(p.Folder), answers(etcdURL+"/health")); err != nil {
		return err
	}
	say("etcd")
	server := apiServer(p.Folder, own)
	if err := p.run(ctx, "kube-apiserver", server, answers(ServerURL+"/readyz")); err != nil {
		return err
	}
	say("kube-apiserver")
	controllers := controllerManager(p.Folder)
	healthy := answers("https://127.0.0.1:10257/healthz")
	if err := p.run(ctx, "kube-controller-manager", controllers, healthy); err != nil {
		return err
	}
	say("kube-controller-manager")
	config, err := Config(p.Folder)
	if err != nil {
		return err
	}
	if p.Client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	return wait(ctx, nil, func() error {
		// Without it, no pod is let in.
		accounts := p.Client.CoreV1().ServiceAccounts("default")
		_, err := accounts.Get(ctx, "default", metav1.GetOptions{})
		return err
	})
}

// Failed is told when a part of it has ended by itself.
func (p *Plane) Failed() <-chan error {
	failed := make(chan error, len(p.programs))
	for _, program := range p.programs {
		go func() {
			<-program.Ended()
			failed <- fmt.Errorf("%s has ended; its last words:\n%s", program.name, program.LastWords())
		}()
	}
	return failed
}

// Config is how the administrator reaches the API; what the machines do is not to wait for turns.
func Config(folder Folder) (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", folder.Path(AdminKubeconfig))
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 500, 1000
	return config, nil
}

// For writes the administrator's kubeconfig for who reaches the API somewhere else.
func (p *Plane) For(server string, out *os.File) error {
	config, err := clientcmd.LoadFromFile(p.Folder.Path(AdminKubeconfig))
	if err != nil {
		return err
	}
	for _, cluster := range config.Clusters {
		cluster.Server = server
	}
	text, err := clientcmd.Write(*config)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}

func (p *Plane) run(ctx context.Context, name string, flags []string, probe func() error) error {
	program, err := Start(p.Folder, name, name, flags...)
	if err != nil {
		return err
	}
	p.programs = append(p.programs, program)
	return program.until(ctx, probe)
}

// answers probes an address of ours. It is not a secret, and its certificate is not looked at.
func answers(url string) func() error {
	client := &http.Client{
		Timeout:   2 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
	return func() error {
		answer, err := client.Get(url)
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s says %s", url, answer.Status)
		}
		return nil
	}
}
