package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"

	"seaway.dev/cluster/upstream"
)

// programs are those of upstream, as they are published. Each is a process of its own: they share
// registries that there is one of in a process.
var programs = map[string]func(){
	"etcd":                    func() { etcdmain.Main(os.Args) },
	"kube-apiserver":          func() { os.Exit(cli.Run(apiserver.NewAPIServerCommand())) },
	"kube-controller-manager": func() { os.Exit(cli.Run(controllers.NewControllerManagerCommand())) },
	"kube-proxy":              func() { os.Exit(cli.Run(proxy.NewProxyCommand())) },
	// What a cloud-controller-manager carries, with a cloud of ours: for `make bench-controller`.
	"upstream-service-controller": upstream.Main,
	"kubectl":                     func() { os.Exit(cli.Run(kubectl.NewDefaultKubectlCommand())) },
}
