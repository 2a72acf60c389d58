// Package network lays the wires of the cluster: a switch, nodes on it, and pods behind each node.
//
// All addresses are from the block for tests of network devices (RFC 2544) and from unique local
// IPv6 addresses; they exist inside of the cluster's own namespaces only.
package network

import "net/netip"

// Pair is the two addresses of one interface, each with the length of its network.
type Pair struct {
	V4, V6 netip.Prefix
}

// The networks of the cluster.
var (
	Pods4     = netip.MustParsePrefix("198.19.0.0/16")
	Pods6     = netip.MustParsePrefix("fd19::/48")
	Services4 = netip.MustParsePrefix("10.96.0.0/16")
	Services6 = netip.MustParsePrefix("fd96::/112")
	// Pool is free for load balancers.
	Pool4 = netip.MustParsePrefix("198.18.8.0/22")
	Pool6 = netip.MustParsePrefix("fd18:8::/124")
	// Clients is where clients are who need an address of their own.
	Clients4 = netip.MustParsePrefix("198.18.12.0/24")
)

// MaxNodes is how many nodes have an address here.
const MaxNodes = 200

// ControlPlane is where the API is, and where load balancers run.
func ControlPlane() Pair {
	return Pair{prefix4(24, 198, 18, 0, 1), prefix6(64, "fd18::1")}
}

// Node is the address of the node with this number, from 1 on.
func Node(number int) Pair {
	v6 := netip.MustParseAddr("fd18::").As16()
	v6[14], v6[15] = 1, byte(number)
	return Pair{
		prefix4(24, 198, 18, 0, byte(number+10)),
		netip.PrefixFrom(netip.AddrFrom16(v6), 64),
	}
}

// Pod is the address of a pod behind a node; 1 is the node itself, as the pods see it.
func Pod(node int, host byte) Pair {
	v6 := netip.MustParseAddr("fd19::").As16()
	v6[7], v6[15] = byte(node), host
	return Pair{
		prefix4(24, 198, 19, byte(node), host),
		netip.PrefixFrom(netip.AddrFrom16(v6), 64),
	}
}

// Addresses are the two, IPv4 first.
func (p Pair) Addresses() []netip.Addr {
	return []netip.Addr{p.V4.Addr(), p.V6.Addr()}
}

func prefix4(bits int, a, b, c, d byte) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{a, b, c, d}), bits)
}

func prefix6(bits int, text string) netip.Prefix {
	return netip.PrefixFrom(netip.MustParseAddr(text), bits)
}

// Local are the networks of which every address is on the machine of the control plane.
func Local() []netip.Prefix {
	return []netip.Prefix{Pool4, Pool6, Clients4}
}

// Range is the first and the last address of a pool that are for somebody.
func Range(pool netip.Prefix) (first, last netip.Addr) {
	first = pool.Masked().Addr().Next()
	last = first
	for next := first.Next(); pool.Contains(next.Next()); next = next.Next() {
		last = next
	}
	return first, last
}
