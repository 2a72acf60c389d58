// Package echo is the program in a pod: it says who answers, and by which way the request came.
package echo

import (
	"fmt"
	"net"
	"net/netip"
)

// Identity is what a pod knows of itself.
type Identity struct {
	Pod, Node string
	// NodeAt tells which node has an address, if one has.
	NodeAt func(netip.Addr) (string, bool)
}

// line names the whole way of a request.
//
// Which node took it is seen from the address that it comes from: kube-proxy puts the node's own in
// place of the client's (externalTrafficPolicy Cluster). Where the client's is kept (Local), nobody
// but the pod's own node can have taken it.
func (i Identity) line(peer net.Addr) string {
	client := addrPort(peer)
	via, ok := i.NodeAt(client.Addr())
	if !ok {
		via = i.Node
	}
	return fmt.Sprintf("via=%s pod=%s on=%s client=%s\n", via, i.Pod, i.Node, client)
}

// addrPort is the address without the wrapping that an IPv6 socket gives to IPv4.
func addrPort(address net.Addr) netip.AddrPort {
	at, err := netip.ParseAddrPort(address.String())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}
