package network

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Bridge is a switch in a space. The space itself is on it, with addresses.
type Bridge struct {
	space *Space
	link  netlink.Link
}

// NewBridge makes one in this space.
func (s *Space) NewBridge(name string, own Pair) (*Bridge, error) {
	snooping := false
	bridge := &netlink.Bridge{
		LinkAttrs: netlink.LinkAttrs{Name: name},
		// What neighbours look for with IPv6 must not depend on what a switch has learnt.
		MulticastSnooping: &snooping,
	}
	if err := s.link.LinkAdd(bridge); err != nil {
		return nil, fmt.Errorf("bridge %s: %w", name, err)
	}
	if err := s.addresses(bridge, own.V4, own.V6); err != nil {
		return nil, err
	}
	return &Bridge{s, bridge}, s.link.LinkSetUp(bridge)
}

// Plug lays a cable from the bridge, where its end is called name, into a space, where it is eth0
// with this address and a way out over gateway.
func (b *Bridge) Plug(name string, into *Space, mac net.HardwareAddr, own, gateway Pair) error {
	cable := &netlink.Veth{
		LinkAttrs:        netlink.LinkAttrs{Name: name, MasterIndex: b.link.Attrs().Index},
		PeerName:         "eth0",
		PeerHardwareAddr: mac,
		PeerNamespace:    netlink.NsFd(into.handle),
	}
	if err := b.space.link.LinkAdd(cable); err != nil {
		return fmt.Errorf("cable %s: %w", name, err)
	}
	if err := b.space.link.LinkSetUp(cable); err != nil {
		return err
	}
	end, err := into.link.LinkByName("eth0")
	if err != nil {
		return err
	}
	if err := into.addresses(end, own.V4, own.V6); err != nil {
		return err
	}
	if err := into.link.LinkSetUp(end); err != nil {
		return err
	}
	for _, via := range gateway.Addresses() {
		if err := into.route(end, netip.Prefix{}, via); err != nil {
			return err
		}
	}
	return nil
}

// Unplug takes the cable with this name out; whoever is at its other end has none any more.
func (b *Bridge) Unplug(name string) error {
	cable, err := b.space.link.LinkByName(name)
	if err != nil {
		return err
	}
	return b.space.link.LinkDel(cable)
}

// Route sends what is for the networks to a neighbour on the bridge, in place of where it went.
func (b *Bridge) Route(to, via Pair) error {
	if err := b.space.route(b.link, to.V4, via.V4.Addr()); err != nil {
		return err
	}
	return b.space.route(b.link, to.V6, via.V6.Addr())
}

// Own makes every address of a network one of this space's own; of IPv6, it is to be a small one.
func (s *Space) Own(network netip.Prefix) error {
	lo, err := s.link.LinkByName("lo")
	if err != nil {
		return err
	}
	if network.Addr().Is6() {
		// A local route is enough to be reached there, but not to listen.
		for ip := network.Addr().Next(); network.Contains(ip); ip = ip.Next() {
			if err := s.addresses(lo, netip.PrefixFrom(ip, 128)); err != nil {
				return err
			}
		}
		return nil
	}
	return s.link.RouteReplace(&netlink.Route{
		LinkIndex: lo.Attrs().Index,
		Dst:       ipNet(network),
		Type:      unix.RTN_LOCAL,
		Table:     unix.RT_TABLE_LOCAL,
		Scope:     netlink.SCOPE_HOST,
	})
}

func (s *Space) addresses(link netlink.Link, own ...netip.Prefix) error {
	for _, prefix := range own {
		address := &netlink.Addr{IPNet: ipNet(prefix)}
		if prefix.Addr().Is6() {
			// Nobody else has it, and a second of finding that out is a second.
			address.Flags = unix.IFA_F_NODAD
		}
		if err := s.link.AddrAdd(link, address); err != nil {
			return fmt.Errorf("address %s: %w", prefix, err)
		}
	}
	return nil
}

func (s *Space) route(link netlink.Link, to netip.Prefix, via netip.Addr) error {
	route := &netlink.Route{LinkIndex: link.Attrs().Index, Gw: net.IP(via.AsSlice())}
	if to.IsValid() {
		route.Dst = ipNet(to.Masked())
	}
	if err := s.link.RouteReplace(route); err != nil {
		return fmt.Errorf("route to %s via %s: %w", to, via, err)
	}
	return nil
}

func ipNet(prefix netip.Prefix) *net.IPNet {
	addr := prefix.Addr()
	return &net.IPNet{
		IP:   net.IP(addr.AsSlice()),
		Mask: net.CIDRMask(prefix.Bits(), addr.BitLen()),
	}
}
