package machine

import (
	"context"
	"fmt"
	"net"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"seaway.dev/cluster/network"
)

// Machine is what stands behind one Node.
type Machine struct {
	fleet  *Fleet
	name   string
	number int
	uid    types.UID
	state  state
	// space is its network; a machine that was never switched on has none.
	space *network.Space
	inner *network.Bridge
	proxy *proxy
	pods  map[string]*life
	// offAt is when the machine of a deleted Node is switched off.
	offAt time.Time
	// hosts are the places behind the node that pods have.
	hosts    map[byte]bool
	lastHost byte
	// alive ends when the machine crashes or is switched off.
	alive  context.Context
	cancel context.CancelFunc
	// asked is the Node for which it is being found out whether kube-proxy works.
	asked types.UID
}

// stay follows a Node that is there.
func (m *Machine) stay(ctx context.Context, node *corev1.Node) error {
	m.offAt = time.Time{}
	again := m.uid != node.UID
	m.uid = node.UID
	wish := wanted(node)
	if again {
		if err := adopt(ctx, m.fleet.client, node, m.number); err != nil {
			return err
		}
	}
	if m.space == nil || m.state != wish {
		if err := m.become(ctx, wish); err != nil {
			return err
		}
	}
	if m.state == up && m.asked != m.uid && !reported(node, m.number) {
		return m.report(ctx, again)
	}
	return nil
}

// become makes the machine what it is to be, from nothing: as one that boots does.
func (m *Machine) become(ctx context.Context, wish state) error {
	if wish == silent && m.state == up && m.space != nil {
		// Its sockets stay as they are; the cable is cut.
		m.state = silent
		m.cancel()
		return m.space.Silence()
	}
	m.off()
	if err := m.plug(); err != nil {
		m.off()
		return err
	}
	if wish == silent {
		m.state = silent
		return m.space.Silence()
	}
	if wish == up {
		if err := m.on(ctx); err != nil {
			m.off()
			return err
		}
	}
	m.state = wish
	return nil
}

// plug puts the machine on the switch, with nothing running on it.
func (m *Machine) plug() error {
	space, err := network.NewSpace()
	if err != nil {
		return err
	}
	m.space = space
	for _, name := range []string{"net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"} {
		if err := space.Set(name, "1"); err != nil {
			return err
		}
	}
	// The same card as before a crash: the others know it by its hardware address.
	card := net.HardwareAddr{0x02, 0x12, 0, 0, 0, byte(m.number)}
	own, router := network.Node(m.number), network.ControlPlane()
	if err := m.fleet.hub.Plug(m.cable(), space, card, own, router); err != nil {
		return err
	}
	inside := network.Pod(m.number, 1)
	if m.inner, err = space.NewBridge("pods", inside); err != nil {
		return err
	}
	return m.fleet.hub.Route(inside, own)
}

// on starts what runs on it.
func (m *Machine) on(ctx context.Context) error {
	m.alive, m.cancel = context.WithCancel(ctx)
	m.asked, m.state = "", up
	m.pods, m.hosts = map[string]*life{}, map[byte]bool{}
	m.proxy = &proxy{folder: m.fleet.folder, space: m.space, node: m.name}
	go m.proxy.run(m.alive)
	pods, err := m.fleet.pods.List(labels.Everything())
	if err != nil {
		return err
	}
	for _, pod := range pods {
		key, _ := cache.MetaNamespaceKeyFunc(pod)
		if err := m.pod(key, pod); err != nil {
			return err
		}
	}
	return nil
}

// off takes everything away.
func (m *Machine) off() {
	if m.space == nil {
		return
	}
	if m.cancel != nil {
		m.cancel()
	}
	if m.proxy != nil {
		m.proxy.kill()
	}
	for _, life := range m.pods {
		life.crash()
	}
	m.pods = nil
	// The cable goes first: what is still inside says nothing any more.
	if err := m.fleet.hub.Unplug(m.cable()); err != nil {
		m.fleet.log("%s: %v", m.name, err)
	}
	m.space.Close()
	m.space = nil
}

// leave tells whether the machine of a Node that is gone is off; at first it works on for a while.
func (m *Machine) leave() bool {
	if m.offAt.IsZero() {
		m.offAt = time.Now()
		if m.state == up {
			m.offAt = m.offAt.Add(drain)
		}
	}
	if time.Now().Before(m.offAt) {
		return false
	}
	m.off()
	return true
}

// pod tells a pod of this machine what it is to be; nil if it is gone.
func (m *Machine) pod(key string, pod *corev1.Pod) error {
	known := m.pods[key]
	if pod != nil && (pod.Spec.NodeName != m.name || finished(pod)) {
		pod = nil
	}
	if known != nil && (pod == nil || known.uid != pod.UID) {
		known.lost()
		delete(m.pods, key)
		known = nil
	}
	switch {
	case pod == nil || m.state != up || m.space == nil:
		return nil
	case known != nil:
		known.tell(pod)
		return nil
	default:
		life, err := m.begin(pod)
		if err == nil {
			m.pods[key] = life
		}
		return err
	}
}

func (m *Machine) cable() string {
	return fmt.Sprintf("node-%d", m.number)
}
