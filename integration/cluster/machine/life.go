package machine

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"seaway.dev/cluster/echo"
	"seaway.dev/cluster/network"
)

const (
	// propagation is how long a pod that ends still takes connections, while the news of it spreads:
	// kube-proxy writes its rules once a second.
	propagation = 2500 * time.Millisecond
	// graceOfTheLost is what a pod gets whose object is gone without a word.
	graceOfTheLost = 30 * time.Second
)

// wish is what the API wants of a pod.
type wish struct {
	ready bool
	// ends is set once the pod is to end, with this grace.
	ends  bool
	grace time.Duration
	// gone is set when there is no object to report to.
	gone bool
}

func wishOf(pod *corev1.Pod) wish {
	w := wish{ready: pod.Annotations[ready] != "false"}
	if pod.DeletionTimestamp != nil {
		w.ends, w.grace = true, graceOfTheLost
		if seconds := pod.DeletionGracePeriodSeconds; seconds != nil {
			w.grace = time.Duration(*seconds) * time.Second
		}
	}
	return w
}

// life is a pod on its machine. It goes on by itself, and is told what is wished.
type life struct {
	uid     types.UID
	machine *Machine
	pod     *corev1.Pod
	at      network.Pair
	server  *echo.Server
	space   *network.Space
	// cable leads to the node, to the place called host; a pod in the node's own network has none.
	cable   string
	host    byte
	inner   *network.Bridge
	started time.Time
	// wishes holds the last wish that was not looked at yet.
	wishes chan wish
	last   wish
	power  context.Context
	cut    context.CancelFunc
}

// begin gives a pod its network and its sockets.
func (m *Machine) begin(pod *corev1.Pod) (*life, error) {
	l := &life{uid: pod.UID, machine: m, pod: pod, started: time.Now(), wishes: make(chan wish, 1)}
	l.power, l.cut = context.WithCancel(m.alive)
	if err := l.plug(); err != nil {
		return nil, err
	}
	identity := echo.Identity{Pod: pod.Name, Node: m.name, NodeAt: m.fleet.places.nodeAt}
	err := l.space.Do(func() error {
		var err error
		l.server, err = echo.Listen(identity, ports(pod))
		return err
	})
	if err != nil {
		l.unplug()
		return nil, fmt.Errorf("pod %s: %w", pod.Name, err)
	}
	l.tell(pod)
	go l.live()
	return l, nil
}

// tell tells it what its object says now.
func (l *life) tell(pod *corev1.Pod) {
	l.wants(wishOf(pod))
}

// lost tells it that its object is gone.
func (l *life) lost() {
	w := l.last
	if !w.ends {
		w.ends, w.grace = true, graceOfTheLost
	}
	w.gone = true
	l.wants(w)
}

// wants is called by the fleet's one goroutine only; an older wish is forgotten.
func (l *life) wants(w wish) {
	l.last = w
	select {
	case <-l.wishes:
	default:
	}
	l.wishes <- w
}

// crash ends it as its machine does.
func (l *life) crash() {
	l.server.Kill()
	l.cut()
}

func (l *life) live() {
	defer l.unplug()
	var now wish
	shown, reported := false, false
	for !now.ends {
		select {
		case <-l.power.Done():
			// The sockets of a machine that was cut off stay as they are until it is switched off.
			<-l.server.Killed()
			return
		case now = <-l.wishes:
		}
		if !now.ends && (!reported || shown != now.ready) {
			l.report(now.ready)
			shown, reported = now.ready, true
		}
	}
	l.terminate(now)
}

// terminate lets nobody down: who still comes is served until the news has spread, who is there
// until the grace is over. Half of it is left to connections that say nothing.
func (l *life) terminate(now wish) {
	end, cancel := context.WithTimeout(l.power, now.grace)
	defer cancel()
	go func() {
		for {
			select {
			case <-end.Done():
				return
			case hurried := <-l.wishes:
				now.gone = now.gone || hurried.gone
				if hurried.ends && hurried.grace == 0 {
					cancel()
				}
			}
		}
	}()
	l.server.Leave()
	sleep(end, propagation)
	l.server.Close()
	patient, over := context.WithTimeout(end, now.grace/2)
	defer over()
	if !l.server.Idle(patient) {
		l.server.Finish()
		l.server.Idle(end)
	}
	if l.power.Err() != nil {
		<-l.server.Killed()
		return
	}
	l.server.Kill()
	cancel()
	if err := remove(l.power, l.machine.fleet.client, l.pod); err != nil {
		l.machine.fleet.log("pod %s: %v", l.pod.Name, err)
	}
}

func sleep(ctx context.Context, duration time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(duration):
	}
}
