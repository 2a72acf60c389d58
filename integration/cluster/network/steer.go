package network

import (
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// steered marks the routes that Steer makes, so that they are known from the wires of the cluster.
const steered = netlink.RouteProtocol(unix.RTPROT_STATIC)

// Steer sends what is for an address to a neighbour on the bridge with this name, in place of where
// it went: as a load balancer does that passes packets on as they are.
func (s *Space) Steer(bridge string, address, via netip.Addr) error {
	for _, local := range Local() {
		if local.Contains(address) {
			return fmt.Errorf("%s is on this machine, and so is all of %s", address, local)
		}
	}
	link, err := s.link.LinkByName(bridge)
	if err != nil {
		return fmt.Errorf("bridge %s: %w", bridge, err)
	}
	route := &netlink.Route{
		LinkIndex: link.Attrs().Index,
		Dst:       ipNet(netip.PrefixFrom(address, address.BitLen())),
		Gw:        via.AsSlice(),
		Protocol:  steered,
	}
	if err := s.link.RouteReplace(route); err != nil {
		return fmt.Errorf("route to %s via %s: %w", address, via, err)
	}
	return nil
}

// Unsteer takes away the routes of Steer over this bridge, to every address.
func (s *Space) Unsteer(bridge string) error {
	link, err := s.link.LinkByName(bridge)
	if err != nil {
		return fmt.Errorf("bridge %s: %w", bridge, err)
	}
	filter := &netlink.Route{LinkIndex: link.Attrs().Index, Protocol: steered}
	routes, err := s.link.RouteListFiltered(
		netlink.FAMILY_ALL, filter, netlink.RT_FILTER_OIF|netlink.RT_FILTER_PROTOCOL)
	if err != nil {
		return err
	}
	for _, route := range routes {
		if err := s.link.RouteDel(&route); err != nil {
			return fmt.Errorf("route to %s: %w", route.Dst, err)
		}
	}
	return nil
}
