package machine

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"seaway.dev/cluster/echo"
	"seaway.dev/cluster/network"
)

// usualPort is where a pod answers that names no port.
const usualPort = 8080

// plug gives the pod a space of its own behind its node, or the node's if it asks for that.
func (l *life) plug() error {
	m := l.machine
	if l.pod.Spec.HostNetwork {
		l.space, l.at = m.space, network.Node(m.number)
		return nil
	}
	host, err := m.host()
	if err != nil {
		return err
	}
	if l.space, err = network.NewSpace(); err != nil {
		return err
	}
	l.at = network.Pod(m.number, host)
	l.cable, l.inner = fmt.Sprintf("pod-%d", host), m.inner
	gateway := network.Pod(m.number, 1)
	if err := l.inner.Plug(l.cable, l.space, nil, l.at, gateway); err != nil {
		l.space.Close()
		return err
	}
	m.hosts[host] = true
	l.host = host
	return nil
}

// unplug takes its network away.
func (l *life) unplug() {
	l.cut()
	if l.cable == "" {
		return
	}
	// The machine may be off by now, and the cable gone with it.
	if err := l.inner.Unplug(l.cable); err == nil {
		l.machine.fleet.queue.Add(fmt.Sprintf("free %s %d", l.machine.name, l.host))
	}
	l.space.Close()
}

// host is the next free place behind the node. Each is used again as late as can be: what the others
// remember of a pod must not meet its successor.
func (m *Machine) host() (byte, error) {
	for range 252 {
		m.lastHost = m.lastHost%252 + 1
		if host := m.lastHost + 1; !m.hosts[host] {
			return host, nil
		}
	}
	return 0, errors.New("every pod address of the node is used")
}

// free gives a place behind a node back: the key is the node's name and the place.
func (f *Fleet) free(key string) {
	name, place, _ := strings.Cut(key, " ")
	host, _ := strconv.Atoi(place)
	if machine := f.machines[name]; machine != nil {
		delete(machine.hosts, byte(host))
	}
}

// ports are what the pod opens.
func ports(pod *corev1.Pod) []echo.Port {
	seen := map[echo.Port]bool{}
	var ports []echo.Port
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.Protocol == corev1.ProtocolSCTP {
				continue
			}
			name := strings.ToLower(string(port.Protocol))
			wanted := echo.Port{Network: name, Number: uint16(port.ContainerPort)}
			if !seen[wanted] {
				seen[wanted] = true
				ports = append(ports, wanted)
			}
		}
	}
	if len(ports) == 0 && !pod.Spec.HostNetwork {
		ports = append(ports, echo.Port{Network: "tcp", Number: usualPort})
	}
	return ports
}
