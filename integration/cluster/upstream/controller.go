// Package upstream runs the service controller of k8s.io/cloud-provider with a cloud in memory, so
// that Seaway can be compared with it.
package upstream

import (
	"context"
	"flag"
	"os"
	"time"

	feature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/cloud-provider/controllers/service"
	"k8s.io/component-base/metrics/prometheus/controllers"
	"k8s.io/klog/v2"
)

const (
	name    = "service-controller"
	cluster = "bench"
	// resync is what a cloud-controller-manager takes at least.
	resync = 12 * time.Hour
)

// Main is the whole process. It answers on stdout each line that comes on stdin, and logs to stderr.
func Main() {
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", os.Getenv("KUBECONFIG"), "`file` that leads to the cluster")
	workers := flags.Int("workers", 10, "how `many` Services are worked on at once")
	qps := flags.Int("qps", 1000, "requests to the API server per second")
	call := flags.Duration("call", 50*time.Millisecond, "how `long` a call to the cloud takes")
	flags.Parse(os.Args[1:])
	if err := run(*kubeconfig, *workers, *qps, *call); err != nil {
		klog.Fatal(err)
	}
}

func run(kubeconfig string, workers, qps int, call time.Duration) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	// As a cloud-controller-manager talks to the API server, which has 20 and 30 here.
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	config.QPS, config.Burst = float32(qps), qps
	client, err := kubernetes.NewForConfig(rest.AddUserAgent(config, name))
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, resync)
	services, nodes := factory.Core().V1().Services(), factory.Core().V1().Nodes()
	cloud := newCloud(call)
	controller, err := service.New(
		cloud, client, services, nodes, cluster, feature.DefaultFeatureGate)
	if err != nil {
		return err
	}
	ctx := context.Background()
	factory.Start(ctx.Done())
	go controller.Run(ctx, workers, controllers.NewControllerManagerMetrics(name))
	factory.WaitForCacheSync(ctx.Done())
	cloud.touch()
	return answer(cloud)
}
