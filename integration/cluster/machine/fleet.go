package machine

import (
	"context"
	"io"
	"log"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"

	"seaway.dev/cluster/control"
	"seaway.dev/cluster/network"
)

// drain is how long the machine of a deleted Node works on, until somebody switches it off.
const drain = 30 * time.Second

// Fleet is all machines. One goroutine looks at what changed, one thing after the other; what takes
// its time, as the life of a pod, is on its own.
type Fleet struct {
	folder   control.Folder
	say      *log.Logger
	client   kubernetes.Interface
	hub      *network.Bridge
	nodes    corelisters.NodeLister
	pods     corelisters.PodLister
	queue    workqueue.TypedRateLimitingInterface[string]
	machines map[string]*Machine
	places   *places
	// assumed is where a pod was bound to that does not show it yet.
	assumed map[types.UID]string
}

// New is a fleet without machines, on the switch of the control plane; out is its log.
func New(plane *control.Plane, hub *network.Bridge, out io.Writer) *Fleet {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[string](
		50*time.Millisecond, 5*time.Second)
	return &Fleet{
		folder:   plane.Folder,
		say:      log.New(out, "", log.Lmicroseconds),
		client:   plane.Client,
		hub:      hub,
		queue:    workqueue.NewTypedRateLimitingQueue(limiter),
		machines: map[string]*Machine{},
		places:   newPlaces(),
		assumed:  map[types.UID]string{},
	}
}

// Start follows Nodes and Pods until the context ends.
func (f *Fleet) Start(ctx context.Context) error {
	factory := informers.NewSharedInformerFactory(f.client, 0)
	nodes, pods := factory.Core().V1().Nodes(), factory.Core().V1().Pods()
	f.nodes, f.pods = nodes.Lister(), pods.Lister()
	if err := f.follow(nodes.Informer(), "node"); err != nil {
		return err
	}
	if err := f.follow(pods.Informer(), "pod"); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	go f.beat(ctx)
	go func() {
		<-ctx.Done()
		f.queue.ShutDown()
	}()
	go f.work(ctx)
	return nil
}

func (f *Fleet) follow(informer cache.SharedIndexInformer, kind string) error {
	put := func(object any) {
		key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object)
		if err == nil {
			f.queue.Add(kind + " " + key)
			// Room for a pod may have come or gone.
			f.queue.Add("schedule ")
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    put,
		UpdateFunc: func(_, object any) { put(object) },
		DeleteFunc: put,
	})
	return err
}

func (f *Fleet) work(ctx context.Context) {
	for {
		item, over := f.queue.Get()
		if over {
			return
		}
		kind, key, _ := strings.Cut(item, " ")
		var err error
		switch kind {
		case "node":
			err = f.node(ctx, key)
		case "pod":
			err = f.pod(ctx, key)
		case "free":
			f.free(key)
		case "beat":
			f.renew(ctx)
		case "ready":
			err = f.works(ctx, key)
		case "schedule":
			err = f.schedule(ctx)
		}
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			f.log("%s %s: %v", kind, key, err)
		}
		if err != nil {
			f.queue.AddRateLimited(item)
		} else {
			f.queue.Forget(item)
		}
		f.queue.Done(item)
	}
}

// node brings a machine to what its Node says.
func (f *Fleet) node(ctx context.Context, name string) error {
	node, err := f.nodes.Get(name)
	machine := f.machines[name]
	if apierrors.IsNotFound(err) || err == nil && node.Labels[Simulated] == "" {
		if machine == nil {
			return nil
		}
		if machine.leave() {
			f.places.release(machine.number)
			delete(f.machines, name)
			return nil
		}
		f.queue.AddAfter("node "+name, time.Until(machine.offAt))
		return nil
	}
	if err != nil {
		return err
	}
	if machine == nil {
		number, err := f.places.take(name)
		if err != nil {
			return err
		}
		machine = &Machine{fleet: f, name: name, number: number}
		f.machines[name] = machine
	}
	return machine.stay(ctx, node)
}

// pod tells the machine of a pod what the pod is to be.
func (f *Fleet) pod(ctx context.Context, key string) error {
	namespace, name, _ := cache.SplitMetaNamespaceKey(key)
	pod, err := f.pods.Pods(namespace).Get(name)
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	if err != nil {
		pod = nil
	}
	if pod != nil && pod.Spec.NodeName == "" && pod.DeletionTimestamp != nil {
		// Nobody else would ever confirm the end of a pod that never began.
		return remove(ctx, f.client, pod)
	}
	for _, machine := range f.machines {
		if err := machine.pod(key, pod); err != nil {
			return err
		}
	}
	return nil
}

// log tells of what goes wrong; it is tried again.
func (f *Fleet) log(format string, args ...any) {
	f.say.Printf(format, args...)
}
